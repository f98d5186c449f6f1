import { MigrationError } from "../model/errors.ts";

const UNITS: Readonly<Record<string, number>> = { M: 2 ** 20, MiB: 2 ** 20, G: 2 ** 30, GiB: 2 ** 30 };

/** Bytes of a size such as 512M or 2G (powers of 1024); undefined for none, USAGE for anything else. */
export function sizeFrom(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, count, unit] = /^([1-9][0-9]{0,5})([MG](?:iB)?)$/.exec(text) ?? [];
  const factor = UNITS[unit ?? ""];
  if (count !== undefined && factor !== undefined) return Number(count) * factor;
  throw new MigrationError("USAGE", {
    message: `${option} takes a whole number of MiB or GiB such as 512M or 2G, got ${text}.`,
  });
}
