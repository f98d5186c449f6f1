import type { GateResult, Verdict } from "../journal/record.ts";
import type { Check } from "../plan/action.ts";
import type { Gate, Use } from "../plan/plan.ts";
import { checksNamed } from "../plan/sets.ts";
import { isUse, textsOf } from "../plan/walk.ts";
import type { Kept } from "../state/run-state.ts";
import { answerOf } from "./acknowledge.ts";
import { ageMs } from "./age.ts";
import { ask } from "./checks.ts";
import { namedFiles } from "./named-files.ts";
import { repositoryHeads } from "./repository-heads.ts";
import type { Run } from "./run.ts";
import { worst } from "./verdicts.ts";

interface GateItem {
  readonly name: string;
  readonly verdict: Verdict;
  readonly reason: string | null;
}

/** Asks everything a gate wants and journals the result; acknowledgements that are missing make it UNKNOWN. */
export async function evaluateGate(run: Run, gate: Gate): Promise<Verdict> {
  const items: GateItem[] = [];
  for (const { check, each } of checksOf(run, gate)) items.push(await evaluateItem(run, gate, check, each));
  const verdict = worst(items.map((item) => item.verdict));
  const data: GateResult = {
    verdict,
    by: gate.by,
    say: gate.say,
    planSha256: run.plan.digest,
    heads: headsOf(run, gate),
    freshMs: gate.freshMs ?? null,
    items,
  };
  run.record({ type: "gate", step: gate.id, attempt: null, data });
  run.parts.say(
    `gate ${gate.id} ${verdict} ${items.flatMap((item) => (item.verdict === "PASS" ? [] : [`${item.name}: ${item.reason ?? item.verdict}`])).join("; ")}`,
  );
  return verdict;
}

/** G40: only a PASS of this plan, of these repositories and files, and not older than the gate allows, is one. */
export function gateProblem(run: Run, gate: Gate): string | undefined {
  const last = run.state.gates.get(gate.id);
  if (last === undefined) return `${gate.id} was never evaluated`;
  if (last.verdict !== "PASS") return `${gate.id} is ${last.verdict}`;
  if (last.planSha256 !== run.plan.digest) return `${gate.id} passed with another plan`;
  if (isStale(run, gate, last)) return `the PASS of ${gate.id} is too old`;
  const now = headsOf(run, gate);
  const changed = Object.keys(now).find((name) => now[name] !== last.heads[name]);
  return changed === undefined ? undefined : `${changed} changed since ${gate.id} passed`;
}

function isStale(run: Run, gate: Gate, last: Kept<GateResult>): boolean {
  if (gate.freshMs === undefined) return false;
  return ageMs(run, last) > gate.freshMs;
}

async function evaluateItem(run: Run, gate: Gate, check: Check, each: string | undefined): Promise<GateItem> {
  const { name, verb, options } = check;
  if (verb.kind === "manual") return acknowledged(run, gate, check);
  const verdict = await ask(run, check, { place: "gate", within: gate.id, phase: undefined, each });
  const receipts = run.state.check("gate", gate.id, name)?.receipts ?? [];
  const reason = receipts.find((receipt) => receipt.verdict !== "PASS")?.notes[0] ?? null;
  return { name: options.say ?? name, verdict, reason };
}

/** A gate does not wait for persons; what they have signed counts as long as the gate is fresh. */
function acknowledged(run: Run, gate: Gate, { name, verb, options }: Check): GateItem {
  const text = verb.kind === "manual" ? verb.text : name;
  const since = freshSince(run, gate);
  const asked = {
    name,
    text,
    by: options.by,
    ask: verb.kind === "manual" ? verb.ask : [],
    item: undefined,
    timeoutMs: 0,
  };
  const answer = answerOf(run, asked, name, since);
  if (answer === undefined) {
    for (const role of options.by) {
      if (!hasSigned(run, name, role, since)) {
        run.parts.say(`waiting for ${role}: ${text}\n  candor cutover sign --role ${role} --say done --for ${name}`);
      }
    }
    return { name: text, verdict: "UNKNOWN", reason: `not acknowledged by all of ${options.by.join(", ")}` };
  }
  return { name: text, verdict: answer.isDone ? "PASS" : "FAIL", reason: answer.reason };
}

function hasSigned(run: Run, about: string, role: string, since: number): boolean {
  return run.state.signs.some((sign) => sign.seq > since && sign.about === about && sign.role === role);
}

function freshSince(run: Run, gate: Gate): number {
  const { freshMs } = gate;
  if (freshMs === undefined) return -1;
  return run.state.signs.findLast((sign) => ageMs(run, sign) > freshMs)?.seq ?? -1;
}

function checksOf(run: Run, gate: Gate): readonly { readonly check: Check; readonly each: string | undefined }[] {
  return gate.pass.flatMap((item: Use | Check) => {
    if (!isUse(item)) return [{ check: item, each: undefined }];
    const checks = checksNamed(run.plan, item.use).flatMap((name) => run.plan.checks.get(name) ?? []);
    return checks.map((check) => ({ check, each: item.each }));
  });
}

/** Heads of the repositories, and digests of the scripts that the gate runs. */
function headsOf(run: Run, gate: Gate): Readonly<Record<string, string>> {
  const { root } = run.parts;
  const scripts = checksOf(run, gate).flatMap(({ check }) => textsOf(check).exported);
  const files = scripts
    .flatMap((script) => namedFiles(root, script))
    .map(({ path, sha256 }) => [path, sha256] as const);
  return { ...repositoryHeads(root, run.plan), ...Object.fromEntries(files) };
}
