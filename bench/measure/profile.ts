import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, runCommand } from "./child.ts";
import { type Stage, stageOf } from "./stages.ts";

/** Seconds that all threads together spent in each stage, waiting left out. */
export type StageSeconds = Readonly<Partial<Record<Stage, number>>>;

/** What is used of a file that `node --cpu-prof` writes; times are microseconds. */
interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

const PROFILED = fileURLToPath(new URL("../profiled.js", import.meta.url));
const PROGRAM = "/build/tools/migration/";

/** Runs a command of the tool once under the profiler of V8, every thread of it; undefined where it failed. */
export async function profileCommand(command: Command): Promise<StageSeconds | undefined> {
  const dir = mkdtempSync(join(tmpdir(), "candor-profile-"));
  try {
    const [, ...words] = command.args;
    const args = ["--cpu-prof", `--cpu-prof-dir=${dir}`, PROFILED, ...words];
    const result = await runCommand({ ...command, args });
    if ("failure" in result) return undefined;
    const total = new Map<Stage, number>();
    for (const file of readdirSync(dir)) addProfile(JSON.parse(readFileSync(join(dir, file), "utf8")), total);
    return Object.fromEntries([...total].map(([stage, microseconds]) => [stage, microseconds / 1e6]));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function addProfile(profile: Profile, total: Map<Stage, number>): void {
  const stages = stagesOf(profile.nodes);
  profile.samples.forEach((id, at) => {
    const stage = stages.get(id);
    if (stage !== undefined) total.set(stage, (total.get(stage) ?? 0) + (profile.timeDeltas[at] ?? 0));
  });
}

/** The stage of each node: what its own module does, else what the module that called it does. */
function stagesOf(nodes: readonly ProfileNode[]): ReadonlyMap<number, Stage | undefined> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const stages = new Map<number, Stage | undefined>();
  const visit = (node: ProfileNode, above: Stage | undefined): void => {
    const own = ownStage(node, above);
    stages.set(node.id, own);
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child !== undefined) visit(child, own);
    }
  };
  const [root] = nodes;
  if (root !== undefined) visit(root, undefined);
  return stages;
}

function ownStage({ callFrame: { functionName, url } }: ProfileNode, above: Stage | undefined): Stage | undefined {
  if (functionName === "(idle)" || functionName === "(program)") return undefined;
  if (functionName === "(garbage collector)") return "garbage";
  const at = url.indexOf(PROGRAM);
  return (at < 0 ? undefined : stageOf(url.slice(at + PROGRAM.length))) ?? above ?? "start";
}
