import { isUtf8 } from "node:buffer";
import type { Line } from "../files/line-reader.ts";
import { MAX_LINE_BYTES } from "../integrity/limits.ts";
import { parseStrict } from "../integrity/strict-parse.ts";
import type { FindingPlace } from "../model/finding.ts";
import { isJsonObject } from "../model/json.ts";
import { BrokenRecord } from "../model/source-record.ts";

/**
 * The record of one line of a source file, or of one element of an array, or why there is none. Blanks around values are allowed, so a CR before the
 * LF is too: it is white space of JSON (RFC 8259, section 2).
 */
export function recordOf(line: Pick<Line, "line" | "tooLong">, place: FindingPlace): unknown {
  if (line.tooLong) return broken(place, "TOO_LONG", `at most ${MAX_LINE_BYTES} bytes`, "a longer line");
  if (!isUtf8(line.line)) return broken(place, "UTF8", "UTF-8", "bytes that are not");
  const parsed = parseStrict(line.line.toString("utf8"));
  if (parsed.ok) {
    if (isJsonObject(parsed.value)) return parsed.value;
    return new BrokenRecord("SOURCE_RECORD_TYPE", { ...place, expected: "an object", got: "another JSON value" });
  }
  const field = parsed.path === "" ? {} : { field: parsed.path.slice(1) };
  const [expected = "", got = ""] = parsed.message.replace("expected ", "").split(", got ");
  const where = { ...place, ...field, rule: parsed.reason, expected, got };
  // The line is JSON, but this number is not what another reader would take it for.
  return new BrokenRecord(parsed.reason === "NUMBER" ? "SOURCE_VALUE_INVALID" : "SOURCE_LINE_INVALID", where);
}

function broken(place: FindingPlace, rule: string, expected: string, got: string): BrokenRecord {
  return new BrokenRecord("SOURCE_LINE_INVALID", { ...place, rule, expected, got });
}
