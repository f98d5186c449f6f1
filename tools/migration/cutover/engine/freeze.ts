import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Plan } from "../plan/plan.ts";
import { decide } from "./hold.ts";
import { repositoryHeads } from "./repository-heads.ts";
import type { Run } from "./run.ts";

/** What a HOLD for commits that nobody answers for is about. */
export const COMMITS = "commits";
const GIT_LIMIT_MS = 10_000;
const MOST_COMMITS = 500;

/** The moment from which on each commit needs a deviation: the go decision, or the start of a run without a timeline. */
export function freezeMoment({ timeline }: Plan): string {
  const before = timeline.filter(({ offsetMs }) => offsetMs < 0);
  const decides = before.findLast(({ decision }) => decision?.choose.includes("go") === true);
  return (decides ?? before.at(-1))?.label ?? "the start";
}

/** F83: commits since the freeze for which nobody has signed a deviation, a sentence each. */
export async function freezeProblems(run: Run): Promise<readonly string[]> {
  const frozen = run.state.heads.get(freezeMoment(run.plan)) ?? {};
  const now = repositoryHeads(run.parts.root, run.plan);
  const problems: string[] = [];
  for (const [repo, from] of Object.entries(frozen)) {
    const to = now[repo];
    if (to === undefined || to === from) continue;
    const commits = await run.clock.during(commitsBetween(join(run.parts.root, repo), from, to));
    const open = commits.filter((commit) => !isExplained(run, repo, commit));
    problems.push(...open.map((commit) => `${repo}: commit ${commit.slice(0, 12)} has no deviation`));
  }
  return problems;
}

/** Holds until each commit of the freeze has its deviation, or a person lets them pass. */
export async function explainCommits(run: Run): Promise<void> {
  for (;;) {
    const problems = await freezeProblems(run);
    if (problems.length === 0) return;
    run.parts.say(`  candor cutover deviation --role ROLE --reason WHY --commit REPO=SHA`);
    const known = run.state.deviations.length;
    const choice = await decide(run, {
      subject: COMMITS,
      since: run.state.lastSeq,
      reason: problems.join("; "),
      choices: ["again", "override", "rollback", "abort"],
      until: () => run.state.deviations.length > known,
    });
    if (choice === "override") return;
  }
}

function isExplained(run: Run, repo: string, commit: string): boolean {
  return run.state.deviations.some((one) => one.repo === repo && one.commit !== null && commit.startsWith(one.commit));
}

/** From git; where it cannot tell (a history that was written anew, no git), the new head stands for what came. */
async function commitsBetween(folder: string, from: string, to: string): Promise<readonly string[]> {
  const args = ["-C", folder, "rev-list", "--reverse", `--max-count=${MOST_COMMITS}`, `${from}..${to}`];
  try {
    const { stdout } = await promisify(execFile)("git", args, { timeout: GIT_LIMIT_MS });
    const commits = stdout.split("\n").filter((line) => /^[0-9a-f]{40,64}$/.test(line));
    return commits.length === 0 ? [to] : commits;
  } catch {
    return [to];
  }
}
