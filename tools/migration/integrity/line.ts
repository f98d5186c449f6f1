import { Buffer, isUtf8 } from "node:buffer";
import { isJsonObject, type JsonObject } from "../model/json.ts";
import { stringifyChecked } from "./canonical.ts";
import { MAX_LINE_BYTES } from "./limits.ts";
import { type ParseReason, parseStrict } from "./strict-parse.ts";

/** Why a line is not one canonical record. */
export type LineReason = "TOO_LONG" | "UTF8" | ParseReason | "NOT_OBJECT" | "NOT_CANONICAL";

/** The object of a canonical line, or the first fault of the line. */
export type LineResult =
  | { readonly ok: true; readonly value: JsonObject }
  | {
      readonly ok: false;
      readonly reason: LineReason;
      /** Byte offset in the line. */
      readonly offset: number;
      readonly message: string;
      /** Present where the line parsed but is not in canonical form. */
      readonly value?: JsonObject;
    };

/** Decides whether the bytes of a line, LF left out, are exactly the strict JCS form of one object (FORMATS.md, section 2). */
export function parseLine(line: Uint8Array): LineResult {
  if (line.length > MAX_LINE_BYTES) {
    return refused("TOO_LONG", MAX_LINE_BYTES, `expected at most ${MAX_LINE_BYTES} bytes, got ${line.length}`);
  }
  if (!isUtf8(line)) return refused("UTF8", invalidUtf8(line), "expected UTF-8, got a byte that is not");
  const bytes = Buffer.from(line.buffer, line.byteOffset, line.byteLength);
  const text = bytes.toString("utf8");
  const parsed = parseStrict(text);
  if (!parsed.ok) {
    const place = parsed.path === "" ? "" : ` at ${parsed.path}`;
    return refused(parsed.reason, Buffer.byteLength(text.slice(0, parsed.offset)), parsed.message + place);
  }
  const { value } = parsed;
  if (!isJsonObject(value)) return refused("NOT_OBJECT", 0, "expected an object, got another JSON value");
  const canonical = stringifyChecked(value);
  if (canonical === text) return { ok: true, value };
  const offset = firstDifference(bytes, Buffer.from(canonical, "utf8"));
  return {
    ...refused("NOT_CANONICAL", offset, "expected the canonical form of RFC 8785, got another spelling"),
    value,
  };
}

function refused(reason: LineReason, offset: number, message: string): Extract<LineResult, { ok: false }> {
  return { ok: false, reason, offset, message };
}

function firstDifference(line: Buffer, canonical: Buffer): number {
  const length = Math.min(line.length, canonical.length);
  let at = 0;
  while (at < length && line[at] === canonical[at]) at++;
  return at;
}

// Walks character by character, which is slow, but only ever over a line that is broken.
function invalidUtf8(line: Uint8Array): number {
  let at = 0;
  while (at < line.length) {
    const lead = line[at] ?? 0;
    const size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (size > 1 && !isUtf8(line.subarray(at, at + size))) return at;
    at += size;
  }
  return at;
}
