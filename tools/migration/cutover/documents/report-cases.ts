import type { Receipt, Verdict } from "../journal/record.ts";
import { ofType, type RunView } from "./run-view.ts";

/** One line of the reports. */
export interface ReportCase extends Answer {
  /** Phase, gate, tick or `rollback`: the suite. */
  readonly suite: string;
  readonly name: string;
  readonly ms: number;
  readonly outputs: readonly string[];
  /** What the same had come to before, oldest first; only the last answer counts. */
  readonly earlier: readonly Answer[];
}

/** What one try or evaluation came to. */
export interface Answer {
  readonly verdict: Verdict | "SKIPPED";
  readonly reason: string | null;
  readonly seq: number;
}

type Asked = Omit<ReportCase, "earlier">;

/** Each step, check, gate, tick and undo of a run once, in the order of its last answer. */
export function reportCases(view: RunView): readonly ReportCase[] {
  const asked = [...resultCases(view), ...gateCases(view), ...skipCases(view)].sort((a, b) => a.seq - b.seq);
  const last = new Map<string, ReportCase>();
  for (const one of asked) {
    const key = `${one.suite}\n${one.name}`;
    const before = last.get(key);
    // A case that is asked again moves to the end.
    last.delete(key);
    last.set(key, { ...one, earlier: before === undefined ? [] : [...before.earlier, answerOf(before)] });
  }
  return [...last.values()];
}

function answerOf({ verdict, reason, seq }: ReportCase): Answer {
  return { verdict, reason, seq };
}

function resultCases(view: RunView): readonly Asked[] {
  return view.results.map(({ id, item, place, within, verdict, reason, receipts, seq }) => ({
    suite: place === "undo" ? `rollback ${within}`.trim() : within || place,
    name: place === "step" || place === "undo" ? `${id}${item === null ? "" : `[${item}]`}` : `${id} (${place})`,
    verdict,
    reason: reason ?? reasonOf(receipts),
    ms: receipts.reduce((sum, { ms }) => sum + ms, 0),
    seq,
    outputs: receipts.flatMap(({ out, err }) => [out, err].flatMap((one) => (one === null ? [] : [one.sha256]))),
  }));
}

function reasonOf(receipts: readonly Receipt[]): string | null {
  const bad = receipts.flatMap(({ expectations }) => expectations).find(({ verdict }) => verdict !== "PASS");
  if (bad !== undefined) return `${bad.kind}: expected ${bad.expected}, got ${bad.got}`;
  return receipts.find(({ verdict }) => verdict !== "PASS")?.notes[0] ?? null;
}

function gateCases(view: RunView): readonly Asked[] {
  const gates = ofType(view.records, "gate").map(({ step, seq, data }) => {
    const bad = data.items.find(({ verdict }) => verdict !== "PASS");
    return { ...EMPTY, suite: "gates", name: step ?? "", verdict: data.verdict, reason: bad?.reason ?? null, seq };
  });
  const ticks = ofType(view.records, "tick").map(({ step, seq, data }) => {
    return { ...EMPTY, suite: "timeline", name: step ?? "", verdict: data.verdict, reason: data.reason, seq };
  });
  return [...gates, ...ticks];
}

const EMPTY = { ms: 0, outputs: [] };

function skipCases(view: RunView): readonly Asked[] {
  return view.skips.map(({ id, seq, reason }) => ({
    ...EMPTY,
    suite: "skipped",
    name: id,
    verdict: "SKIPPED",
    reason,
    seq,
  }));
}
