/** The middle of some numbers; undefined of none. */
export function median(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((left, right) => left - right);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  return (upper + lower) / 2;
}

/** Median, least and most of the measured seconds. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** The spread of some numbers; undefined of none. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const middle = median(values);
  return middle === undefined ? undefined : { median: middle, least: Math.min(...values), most: Math.max(...values) };
}

/** Ratios of what was measured in the same round; a round that lacks one of the two does not count. */
export function ratios(ours: readonly (number | undefined)[], peers: readonly (number | undefined)[]): number[] {
  const found: number[] = [];
  ours.forEach((value, round) => {
    const peer = peers[round];
    if (value !== undefined && peer !== undefined && peer > 0) found.push(value / peer);
  });
  return found;
}
