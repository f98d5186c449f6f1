import type { JsonValue } from "../model/json.ts";
import { readValue } from "./read-value.ts";
import { type ParseReason, TextCursor } from "./text-cursor.ts";

export type { ParseReason } from "./text-cursor.ts";

/** A parsed value, or the first fault of the text. */
export type ParseResult =
  | { readonly ok: true; readonly value: JsonValue }
  | {
      readonly ok: false;
      readonly reason: ParseReason;
      /** UTF-16 offset in the text. */
      readonly offset: number;
      /** JSON Pointer (RFC 6901) of the value that holds the fault. */
      readonly path: string;
      /** Expected and got in words; never the content of a value. */
      readonly message: string;
    };

/** Parses one JSON text (RFC 8259) and refuses whatever two readers could understand differently (FORMATS.md, section 2). */
export function parseStrict(text: string): ParseResult {
  const cursor = new TextCursor(text);
  const value = readValue(cursor, 0);
  if (value !== undefined && Number.isNaN(cursor.skipSpace())) return { ok: true, value };
  if (value !== undefined) cursor.unexpected("the end of the text");
  const { reason, offset, message } = cursor.failure ?? { reason: "JSON", offset: cursor.at, message: "expected JSON" };
  return { ok: false, reason, offset, path: cursor.path, message };
}
