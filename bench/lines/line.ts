import type { StageSeconds } from "../measure/profile.ts";
import type { Measured, Measurements } from "../measure/rounds.ts";
import { median, ratios, type Spread, spreadOf } from "../measure/statistics.ts";
import type { Features } from "../measure/tool.ts";
import type { Prepared } from "../prepare.ts";

/** What came of a target. */
export type Verdict = "met" | "missed" | "not there yet" | "no peer" | "failed" | "for information";

/** One line of the table. */
export interface Line {
  readonly work: string;
  readonly size: number;
  readonly ours?: Spread;
  readonly peer?: string;
  readonly peers?: Spread;
  /** Median of the ratios of single rounds; of other figures where the target speaks of those. */
  readonly ratio?: number;
  /** The same of CPU seconds, with the start of both: for a machine that is not quiet. */
  readonly cpuRatio?: number;
  readonly target: string;
  readonly verdict: Verdict;
  readonly note?: string;
}

/** All that was measured at one size. */
export interface SizeResult {
  readonly prepared: Prepared;
  readonly features: Features;
  readonly workers: number;
  readonly measured: Measurements;
  /** By the name of the program. */
  readonly stages: ReadonlyMap<string, StageSeconds>;
}

/** A comparison to judge. */
export interface Comparison {
  readonly work: string;
  readonly size: number;
  readonly ours: Measured | undefined;
  readonly peer: string;
  readonly peers: readonly (number | undefined)[] | undefined;
  readonly peerCpuSeconds?: readonly number[] | undefined;
  /** The ratio may be at most this, or at least this where `atLeast`. */
  readonly limit?: number;
  readonly atLeast?: boolean;
  readonly note?: string;
}

/** Judges the ratio of ours to the peer, round by round. */
export function compare(comparison: Comparison): Line {
  const { work, size, ours, peer, peers, limit, atLeast = false, note } = comparison;
  const target = limit === undefined ? "-" : `${atLeast ? ">=" : "<="} ${limit} x`;
  const head = { work, size, peer, target, ...(note === undefined ? {} : { note }) };
  if (ours === undefined) return { ...head, verdict: "not there yet" };
  if (ours.failure !== undefined) return { ...head, verdict: "failed", note: ours.failure };
  const spread = spreadOf(present(ours.values));
  const own = spread === undefined ? {} : { ours: spread };
  const other = peers === undefined ? undefined : spreadOf(present(peers));
  const ratio = peers === undefined ? undefined : median(ratios(ours.values, peers));
  if (ratio === undefined || other === undefined) return { ...head, ...own, verdict: "no peer" };
  const cpu = cpuRatioOf(ours, comparison.peerCpuSeconds ?? []);
  return { ...head, ...own, peers: other, ratio, ...cpu, verdict: judge(ratio, limit, atLeast) };
}

function cpuRatioOf(ours: Measured, peerSeconds: readonly number[]): { readonly cpuRatio?: number } {
  const [own, peer] = [median(ours.cpuSeconds), median(peerSeconds)];
  return own === undefined || peer === undefined || peer === 0 ? {} : { cpuRatio: own / peer };
}

/** The rounds of a peer as a comparison takes them. */
export function against(peer: Measured | undefined): Pick<Comparison, "peers" | "peerCpuSeconds"> {
  return { peers: peer?.values, peerCpuSeconds: peer?.cpuSeconds };
}

/** Whether a figure keeps to its limit. */
export function judge(figure: number, limit: number | undefined, atLeast = false): Verdict {
  if (limit === undefined) return "for information";
  return (atLeast ? figure >= limit : figure <= limit) ? "met" : "missed";
}

/** The values that there are. */
export function present(values: readonly (number | undefined)[]): number[] {
  return values.filter((value) => value !== undefined);
}

/** Of several forms of a peer the one with the least median; undefined where none ran. */
export function best(
  measured: Measurements,
  prefix: string,
): { readonly name: string; readonly entry: Measured } | undefined {
  let found: { readonly name: string; readonly entry: Measured; readonly least: number } | undefined;
  for (const [name, entry] of measured) {
    const least = name.startsWith(prefix) && entry.failure === undefined ? median(present(entry.values)) : undefined;
    if (least !== undefined && (found === undefined || least < found.least)) found = { name, entry, least };
  }
  return found;
}
