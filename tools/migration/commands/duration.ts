import { MigrationError } from "../model/errors.ts";

const MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a time such as 90s, 5m or 1h; undefined for none, USAGE for anything else. */
export function durationFrom(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, count, unit] = /^([1-9][0-9]{0,5})([smh])$/.exec(text) ?? [];
  const factor = MS[unit ?? ""];
  if (count !== undefined && factor !== undefined) return Number(count) * factor;
  throw new MigrationError("USAGE", {
    message: `${option} takes a whole number of seconds, minutes or hours such as 90s, 5m or 1h, got ${text}.`,
  });
}
