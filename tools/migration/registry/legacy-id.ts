import { canonicalize } from "../integrity/canonical.ts";
import { isWellFormed } from "../integrity/well-formed.ts";
import { isPrintable } from "../model/printable.ts";

/** The legacy id of a record, or why it has none. */
export type LegacyIdResult = { readonly legacyId: string } | { readonly problem: "missing" | "type" };

/** The text of a legacy key: the one value as text, or the JCS text of the array of several. */
export function legacyIdOf(values: readonly unknown[]): LegacyIdResult {
  if (values.length === 0 || values.some((value) => value === undefined || value === null)) {
    return { problem: "missing" };
  }
  const parts: (string | number)[] = [];
  for (const value of values) {
    const part = keyPart(value);
    if (part === undefined) return { problem: "type" };
    parts.push(part);
  }
  const [only] = parts;
  return { legacyId: parts.length === 1 && only !== undefined ? `${only}` : canonicalize(parts) };
}

/** The legacy id where it may be shown; undefined where it may be a mail address, a phone or account number, or is long. */
export function printableLegacyId(legacyId: string): string | undefined {
  return isPrintable(legacyId) ? legacyId : undefined;
}

/** The legacy id as a part of a finding: nothing where it must not be shown. */
export function namedLegacyId(legacyId: string | undefined): { readonly legacyId?: string } {
  const printable = legacyId === undefined ? undefined : printableLegacyId(legacyId);
  return printable === undefined ? {} : { legacyId: printable };
}

/** True for a text that can be a legacy id: not empty, no lone surrogate. */
export function isLegacyId(text: string): boolean {
  return text !== "" && isWellFormed(text);
}

/** A string or safe integer as it is, any other integer as decimal text; -0 has no text that reads back as itself. */
function keyPart(value: unknown): string | number | undefined {
  if (typeof value === "string") return isLegacyId(value) ? value : undefined;
  if (typeof value === "number") return Number.isSafeInteger(value) && !Object.is(value, -0) ? value : undefined;
  if (typeof value !== "bigint") return undefined;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
}
