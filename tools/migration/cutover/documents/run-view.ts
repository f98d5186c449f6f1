import type { Head } from "../journal/chain.ts";
import type {
  CheckPlace,
  GateResult,
  JournalRecord,
  Receipt,
  RecordOf,
  RecordType,
  RunEnd,
  RunStart,
  Signature,
  StepIntent,
  TickResult,
  Verdict,
} from "../journal/record.ts";
import type { Plan } from "../plan/plan.ts";
import { RECEIPT_INVALID, runKeyProblems } from "../state/run-keys.ts";

/** One answer of one check or step: what a matrix row is made of. */
export interface ResultView {
  readonly id: string;
  /** The item that a step of a list was done for; null elsewhere. */
  readonly item: string | null;
  readonly seq: number;
  readonly hash: string;
  readonly at: string;
  readonly place: CheckPlace | "undo";
  /** Id of the phase, gate or tick. */
  readonly within: string;
  readonly verdict: Verdict;
  readonly say: string | null;
  readonly reason: string | null;
  readonly receipts: readonly Receipt[];
}

/** A step that was begun. */
export interface StepView {
  readonly id: string;
  readonly phase: string;
  readonly seq: number;
  readonly at: string;
  readonly intent: StepIntent;
  /** Undefined while it runs, or where its end was never seen. */
  readonly end: ResultView | undefined;
  /** Undos of it that ran. */
  readonly undos: readonly ResultView[];
}

/** A signature with the record that holds it. */
export interface SignView {
  readonly seq: number;
  readonly at: string;
  readonly sign: Signature;
}

/** A run as the documents see it: a pure function of plan and records. */
export interface RunView {
  readonly run: string;
  readonly plan: Plan;
  readonly records: readonly JournalRecord[];
  readonly head: Head;
  readonly start: RunStart | undefined;
  readonly startedAt: string | undefined;
  readonly t0: string | undefined;
  readonly end: (RunEnd & { readonly at: string }) | undefined;
  readonly results: readonly ResultView[];
  readonly steps: readonly StepView[];
  readonly skips: readonly { readonly id: string; readonly seq: number; readonly reason: string }[];
  readonly gates: ReadonlyMap<string, GateResult & { readonly seq: number; readonly at: string }>;
  readonly ticks: ReadonlyMap<string, TickResult & { readonly seq: number; readonly at: string }>;
  readonly signs: readonly SignView[];
  /** First record of a step that changes something; Infinity before it. */
  readonly firstChange: number;
  /** Receipts without a proper run key: a run that has any cannot be closed (X22). */
  readonly receiptProblems: readonly string[];
}

/** Reads a run for the documents. */
export function viewRun(plan: Plan, run: string, records: readonly JournalRecord[]): RunView {
  const last = records.at(-1);
  const start = ofType(records, "run.start").at(-1);
  const end = ofType(records, "run.end").at(-1);
  const results = resultsOf(records);
  const receiptProblems = runKeyProblems(plan, records);
  return {
    run,
    plan,
    records,
    head: last === undefined ? { seq: -1, hash: "0".repeat(64) } : { seq: last.seq, hash: last.hash },
    start: start?.data,
    startedAt: start?.at,
    t0: ofType(records, "run.armed").at(-1)?.data.t0,
    end: end === undefined ? undefined : endOf(end, receiptProblems),
    results,
    steps: stepsOf(records, results),
    skips: ofType(records, "step.skip").map(({ step, seq, data }) => ({ id: step ?? "", seq, reason: data.reason })),
    gates: new Map(ofType(records, "gate").map(({ step, seq, at, data }) => [step ?? "", { ...data, seq, at }])),
    ticks: new Map(ofType(records, "tick").map(({ step, seq, at, data }) => [step ?? "", { ...data, seq, at }])),
    signs: signsOf(records),
    firstChange: firstChange(plan, records),
    receiptProblems,
  };
}

/** The end as its evidence has it, whatever the driver took it for. */
function endOf({ at, data }: JournalRecord & RecordOf<"run.end">, broken: readonly string[]): RunView["end"] {
  if (broken.length === 0 || !data.closable) return { ...data, at };
  return { ...data, at, closable: false, reason: data.reason ?? `${RECEIPT_INVALID}: ${broken.join("; ")}` };
}

/** All records of one type, in order. */
export function ofType<Type extends RecordType>(
  records: readonly JournalRecord[],
  type: Type,
): readonly (JournalRecord & RecordOf<Type>)[] {
  const is = (record: JournalRecord): record is JournalRecord & RecordOf<Type> => record.type === type;
  return records.filter(is);
}

const VERDICTS = { done: "PASS", failed: "FAIL", unknown: "UNKNOWN" } as const;

function resultsOf(records: readonly JournalRecord[]): readonly ResultView[] {
  // Items of a list are done one after the other, under the name of their step.
  const intents = new Map<string, StepIntent>();
  return records.flatMap((record): ResultView[] => {
    const { seq, hash, at } = record;
    const id = record.step ?? "";
    if (record.type === "step.intent") intents.set(id, record.data);
    if (record.type === "check") {
      const { place, within, verdict, say, receipts } = record.data;
      return [{ id, item: null, seq, hash, at, place, within, verdict, say, reason: null, receipts }];
    }
    if (record.type !== "step.end" && record.type !== "undo.end") return [];
    const { result, reason, receipts } = record.data;
    const intent = intents.get(record.type === "undo.end" ? record.data.of : id);
    const place = record.type === "undo.end" ? "undo" : "step";
    const item = place === "step" ? (intent?.item ?? null) : null;
    const about = { id, item, seq, hash, at, place, within: intent?.phase ?? "" } as const;
    return [{ ...about, verdict: VERDICTS[result], say: intent?.say ?? null, reason, receipts }];
  });
}

function stepsOf(records: readonly JournalRecord[], results: readonly ResultView[]): readonly StepView[] {
  const steps = new Map<string, StepView>();
  const undone = new Map(ofType(records, "undo.end").map(({ seq, data }) => [seq, data.of]));
  for (const { step, seq, at, data } of ofType(records, "step.intent")) {
    const id = step ?? "";
    const end = results.findLast((one) => one.id === id && one.place === "step" && one.seq > seq);
    const undos = results.filter((one) => undone.get(one.seq) === id);
    // A step that was tried again keeps its place in the order of start.
    const first = steps.get(id);
    steps.set(id, { id, phase: data.phase, seq: first?.seq ?? seq, at: first?.at ?? at, intent: data, end, undos });
  }
  return [...steps.values()];
}

function signsOf(records: readonly JournalRecord[]): readonly SignView[] {
  return records.flatMap(({ seq, at, ...record }): SignView[] => {
    if (record.type === "sign") return [{ seq, at, sign: record.data }];
    if (record.type === "takeover") return [{ seq, at, sign: record.data.sign }];
    if (record.type !== "stop.fire" && record.type !== "deviation") return [];
    return record.data.sign === null ? [] : [{ seq, at, sign: record.data.sign }];
  });
}

/** The plan says which steps change something: those with a way back. */
function firstChange(plan: Plan, records: readonly JournalRecord[]): number {
  const changing = new Set<string>();
  for (const step of plan.phases.flatMap((phase) => phase.steps)) {
    if ("use" in step) continue;
    if (step.undo.kind === "actions" || step.verb.kind === "flip") changing.add(step.id);
  }
  return ofType(records, "step.intent").find(({ step }) => changing.has(step ?? ""))?.seq ?? Number.POSITIVE_INFINITY;
}
