import type { Label, WasmFunction } from "../wasm/wasm-function.ts";
import { sixteen } from "./hex-lanes.ts";

const [VECTOR_BYTES, WORD_BYTES] = [16, 8];
const [QUOTE, BACKSLASH, SPACE] = [0x22, 0x5c, 0x20];

/**
 * Moves the address in `at` to the next byte that does not stand for itself in a JSON string: a quote, a backslash or a
 * control. There must be one: the LF of the line is.
 */
export function skipPlain(code: WasmFunction, at: number, vector: number): void {
  const all = (byte: number): WasmFunction => code.bytes(sixteen(() => byte));
  const bits = code.local("i32");
  code.block((found) => {
    code.repeat((again) => {
      code.get(at).load(0).set(vector);
      code.get(vector);
      all(QUOTE).op("i8x16.eq").get(vector);
      all(BACKSLASH).op("i8x16.eq").or().get(vector);
      all(SPACE).op("i8x16.lt_u").or().op("i8x16.bitmask").tee(bits).jumpIf(found);
      code.get(at).i32(VECTOR_BYTES).addI32().set(at).jump(again);
    });
  });
  code.get(at).get(bits).op("i32.ctz").addI32().set(at);
}

/** A range of bytes, both ends included. */
export interface ByteSpan {
  readonly low: number;
  readonly high: number;
}

/** Leaves 1 where every byte from the address in `at` plus `offset` on is in one of the ranges of its place. */
export function inRanges(
  code: WasmFunction,
  at: number,
  offset: number,
  places: readonly (readonly ByteSpan[])[],
): WasmFunction {
  const most = Math.max(...places.map((ranges) => ranges.length));
  for (let begin = 0; begin < places.length; begin += VECTOR_BYTES) {
    for (let choice = 0; choice < most; choice += 1) {
      // A place behind the last one may hold any byte; one with fewer ranges has its first again.
      const rangeAt = (place: number): ByteSpan => {
        const ranges = places[begin + place];
        return ranges?.[choice] ?? ranges?.[0] ?? { low: 0, high: 0xff };
      };
      code.get(at).load(offset + begin);
      code.bytes(sixteen((place) => rangeAt(place).low)).op("i8x16.sub");
      code.bytes(sixteen((place) => rangeAt(place).high - rangeAt(place).low)).op("i8x16.le_u");
      if (choice > 0) code.or();
    }
    code.op("i8x16.all_true");
    if (begin > 0) code.op("i32.and");
  }
  return code;
}

/** Leaves 1 where the bytes from the address in `at` plus `offset` on are not those of `text`, compared eight at a time, the last ones overlapping. */
export function differs(code: WasmFunction, at: number, offset: number, text: string): WasmFunction {
  const bytes = Buffer.from(text, "utf8");
  const width = Math.min(bytes.length, WORD_BYTES);
  for (let from = 0; from < bytes.length; from += WORD_BYTES) {
    const begin = Math.min(from, bytes.length - width);
    code.get(at).access("i64.load", offset + begin);
    if (width < WORD_BYTES) code.i64((1n << BigInt(8 * width)) - 1n).op("i64.and");
    code.i64(wordOf(bytes.subarray(begin, begin + width))).op("i64.xor");
    if (from > 0) code.op("i64.or");
  }
  return code.i64(0n).op("i64.ne");
}

function wordOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((word, byte) => (word << 8n) | BigInt(byte), 0n);
}

/** Jumps to `otherwise` where the bytes at the address in `at` plus `offset` are not those of `text`. */
export function expectText(code: WasmFunction, at: number, offset: number, text: string, otherwise: Label): void {
  differs(code, at, offset, text).jumpIf(otherwise);
}

/** Jumps to `otherwise` unless the byte at the address in `at` plus `offset` is `byte`. */
export function expectByte(code: WasmFunction, at: number, offset: number, byte: number, otherwise: Label): void {
  code.get(at).access("i32.load8_u", offset).i32(byte).op("i32.ne").jumpIf(otherwise);
}
