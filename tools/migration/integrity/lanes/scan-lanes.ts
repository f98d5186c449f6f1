import type { Label, WasmFunction } from "../wasm/wasm-function.ts";
import { sixteen } from "./hex-lanes.ts";

const VECTOR_BYTES = 16;
const [QUOTE, BACKSLASH, SPACE] = [0x22, 0x5c, 0x20];

/**
 * Moves the address in `at` to the next byte of a JSON string that does not stand for itself: a quote, a backslash or a
 * control. Jumps to `otherwise` where none comes before the address in `end` or 15 bytes behind it.
 */
export function skipPlain(code: WasmFunction, at: number, end: number, vector: number, otherwise: Label): void {
  const all = (byte: number): WasmFunction => code.bytes(sixteen(() => byte));
  const bits = code.local("i32");
  code.block((found) => {
    code.repeat((again) => {
      code.get(at).load(0).set(vector);
      code.get(vector);
      all(QUOTE).op("i8x16.eq").get(vector);
      all(BACKSLASH).op("i8x16.eq").or().get(vector);
      all(SPACE).op("i8x16.lt_u").or().op("i8x16.bitmask").tee(bits).jumpIf(found);
      code.get(at).i32(VECTOR_BYTES).addI32().tee(at).get(end).isBelow().jumpIf(again);
    });
    code.jump(otherwise);
  });
  code.get(at).get(bits).op("i32.ctz").addI32().set(at);
}

/** Jumps to `otherwise` where the bytes at the address in `at` plus `offset` are not those of `text`, 16 at most. */
export function expectText(code: WasmFunction, at: number, offset: number, text: string, otherwise: Label): void {
  const bytes = Buffer.from(text, "utf8");
  code.get(at).load(offset);
  code.bytes(sixteen((place) => bytes[place] ?? 0)).xor();
  if (bytes.length < VECTOR_BYTES) code.bytes(sixteen((place) => (place < bytes.length ? 0xff : 0))).and();
  code.anyBit().jumpIf(otherwise);
}

/** Jumps to `otherwise` unless the byte at the address in `at` plus `offset` is `byte`. */
export function expectByte(code: WasmFunction, at: number, offset: number, byte: number, otherwise: Label): void {
  code.get(at).access("i32.load8_u", offset).i32(byte).op("i32.ne").jumpIf(otherwise);
}
