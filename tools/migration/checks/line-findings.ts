import type { LineReason, LineResult } from "../integrity/line.ts";
import { type Finding, type FindingPlace, finding } from "../model/finding.ts";
import type { FindingCode } from "../model/finding-codes.ts";

const CODES: Readonly<Record<LineReason, FindingCode>> = {
  TOO_LONG: "LINE_TOO_LONG",
  UTF8: "LINE_UTF8",
  JSON: "LINE_JSON",
  NOT_OBJECT: "LINE_JSON",
  DUPLICATE_KEY: "LINE_DUPLICATE_KEY",
  NUMBER: "LINE_NUMBER",
  SURROGATE: "LINE_SURROGATE",
  NESTING: "LINE_NESTING",
  NOT_CANONICAL: "LINE_NOT_CANONICAL",
};

/** The finding for a line that is not one canonical object; `place.offset` is that of the line. */
export function lineFinding(result: Extract<LineResult, { ok: false }>, place: FindingPlace): Finding {
  const offset = (place.offset ?? 0) + result.offset;
  return finding(CODES[result.reason], { ...place, offset, got: result.message });
}
