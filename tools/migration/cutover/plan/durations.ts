const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a duration that the schema has let through, such as `500ms`, `90s`, `5m`, `2h`. */
export function durationMs(text: string): number {
  const [, count, unit] = /^([0-9]+)(ms|s|m|h)$/.exec(text) ?? [];
  return Number(count) * (UNIT_MS[unit ?? ""] ?? Number.NaN);
}

/** Milliseconds from T0 of a label such as `T-60`, `T0`, `T+90s`; minutes unless it says s or h. */
export function tickOffsetMs(label: string): number {
  const [, sign, count, unit] = /^T([+-])([0-9]+)(s|m|h)?$/.exec(label) ?? [];
  if (count === undefined) return 0;
  return (sign === "-" ? -1 : 1) * Number(count) * (UNIT_MS[unit ?? "m"] ?? Number.NaN);
}

/** A duration for people: the largest unit that loses nothing. */
export function durationText(ms: number): string {
  for (const unit of ["h", "m", "s"] as const) {
    const factor = UNIT_MS[unit] ?? 1;
    if (ms >= factor && ms % factor === 0) return `${ms / factor}${unit}`;
  }
  return `${ms}ms`;
}
