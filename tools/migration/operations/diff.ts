import { join } from "node:path";
import { type CandidateIndex, openCandidate, openModule } from "../checks/candidate-index.ts";
import { compareEntities, type EntityDifference, type Side } from "../checks/compare-entities.ts";
import { EntityCursor } from "../checks/entity-cursor.ts";
import { PROJECT } from "../config/paths.ts";
import { stringifyChecked } from "../integrity/canonical.ts";
import { compareCodeUnits } from "../integrity/order.ts";
import type { RunInputs, RunRecord } from "../integrity/run-file.ts";
import type { JsonObject } from "../model/json.ts";
import { printableKey } from "../model/printable.ts";
import { ReportFolder } from "../stores/report-folder.ts";
import { changedFields } from "./changed-fields.ts";
import { type Context, turn } from "./context.ts";

/** One entity in which two candidates differ: seen from the first, it was added, removed or changed. */
export interface Difference {
  readonly kind: "added" | "removed" | "changed";
  readonly module: string;
  readonly id: string;
  /** Names of the fields that differ; of a changed entity only. */
  readonly fields?: readonly string[];
}

/** What differs in one module. */
export interface ModuleDiff {
  /** Entities in each candidate; absent where the candidate does not have the module. */
  readonly before?: number;
  readonly after?: number;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

/** The content of summary.json of a diff. */
export interface DiffSummary {
  readonly format: "candor-diff/1";
  readonly command: "diff";
  /** Run roots of the two candidates. */
  readonly before: string;
  readonly after: string;
  readonly modules: Readonly<Record<string, ModuleDiff>>;
  /** Differing entities and modules that one side does not have. */
  readonly totalDifferences: number;
  /** Names of the inputs that are not the same, as in run.json. */
  readonly inputs: readonly string[];
}

/** The end of a diff: its summary, the first differences, and where all of them are. */
export interface DiffOutcome {
  readonly summary: DiffSummary;
  readonly shown: readonly Difference[];
  /** Folder of the report, relative to the project. */
  readonly report: string;
}

/** Differences shown to a person; the report has them all. */
const SHOWN = 20;

/**
 * Compares two candidates by their chunk lists and opens only the chunks that differ. The digests are believed, but all
 * that is read is held to them; UNVERIFIABLE where it does not hold.
 */
export async function diff(context: Context, labels: readonly [string, string]): Promise<DiffOutcome> {
  const [a, b] = [openCandidate(context.root, labels[0]), openCandidate(context.root, labels[1])];
  const folder = new ReportFolder(join(context.root, PROJECT.reports), "diff", "differences.jsonl");
  const shown: Difference[] = [];
  const take = (difference: Difference): void => {
    folder.addLine(stringifyChecked({ ...difference }));
    if (shown.length < SHOWN) shown.push(difference);
  };
  try {
    const modules: Record<string, ModuleDiff> = {};
    for (const name of namesIn(a.run, b.run)) {
      context.progress.stage(`compare ${name}`);
      modules[name] = await diffModule(context, name, [a, b], take);
    }
    context.progress.end();
    const summary: DiffSummary = {
      format: "candor-diff/1",
      command: "diff",
      before: a.run.root,
      after: b.run.root,
      modules,
      totalDifferences: Object.values(modules).reduce((sum, one) => sum + differencesIn(one), 0),
      inputs: differingInputs(a.run.inputs, b.run.inputs),
    };
    folder.publish({ "summary.json": `${JSON.stringify(summary, undefined, 2)}\n` });
    return { summary, shown, report: `${PROJECT.reports}/latest-diff` };
  } catch (error) {
    folder.discard();
    throw error;
  }
}

function differencesIn({ before, after, added, removed, changed }: ModuleDiff): number {
  return added + removed + changed + (before === undefined || after === undefined ? 1 : 0);
}

async function diffModule(
  context: Context,
  name: string,
  [a, b]: readonly [CandidateIndex, CandidateIndex],
  take: (difference: Difference) => void,
): Promise<ModuleDiff> {
  const [inA, inB] = [a, b].map(({ run }) => run.modules.find((module) => module.name === name));
  const counts = { added: 0, removed: 0, changed: 0 };
  const sizes = {
    ...(inA === undefined ? {} : { before: inA.size }),
    ...(inB === undefined ? {} : { after: inB.size }),
  };
  if (inA?.root === inB?.root && inA?.size === inB?.size) return { ...sizes, ...counts };
  const sideOf = (candidate: CandidateIndex, has: boolean): Side => ({
    candidate,
    module: has ? openModule(candidate, name) : undefined,
  });
  const lines = { before: new EntityCursor(a, name), after: new EntityCursor(b, name) };
  try {
    for (const found of compareEntities(name, sideOf(a, inA !== undefined), sideOf(b, inB !== undefined))) {
      if (found === undefined) await turn(context);
      else {
        const difference = describe(name, found, lines);
        counts[difference.kind] += 1;
        take(difference);
      }
    }
  } finally {
    lines.before.close();
    lines.after.close();
  }
  return { ...sizes, ...counts };
}

function describe(
  module: string,
  { id, before, after }: EntityDifference,
  lines: { readonly before: EntityCursor; readonly after: EntityCursor },
): Difference {
  if (before === undefined) return { kind: "added", module, id };
  if (after === undefined) return { kind: "removed", module, id };
  const old = lines.before.lineOf(before);
  // What stands before it in a chunk is mostly the same in both.
  const guess = lines.before.offset - Buffer.byteLength(old) - 1;
  const fields = changedFields(old, lines.after.lineOf(after, guess)).map(printableKey);
  return { kind: "changed", module, id, fields };
}

function namesIn(a: RunRecord, b: RunRecord): readonly string[] {
  return [...new Set([...a.modules, ...b.modules].map(({ name }) => name))].sort(compareCodeUnits);
}

/** Names of the inputs whose digests are not the same, such as `registries.kunden`. */
function differingInputs(a: RunInputs, b: RunInputs): readonly string[] {
  const [left, right] = [flatten(a as unknown as JsonObject), flatten(b as unknown as JsonObject)];
  const names = new Set([...left.keys(), ...right.keys()]);
  return [...names].filter((name) => left.get(name) !== right.get(name)).sort(compareCodeUnits);
}

function flatten(inputs: JsonObject, above = ""): ReadonlyMap<string, string> {
  const parts = Object.entries(inputs).flatMap(([name, value]): (readonly [string, string])[] =>
    typeof value === "object" && value !== null
      ? [...flatten(value as JsonObject, `${above}${name}.`)]
      : [[`${above}${name}`, String(value)]],
  );
  return new Map(parts);
}
