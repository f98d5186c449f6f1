import { ENTITY_LINE_BYTES } from "../limits.ts";
import { WasmFunction } from "../wasm/wasm-function.ts";
import { DIGEST_BYTES } from "./sha256-vectors.ts";

const VECTOR_BYTES = 16;
const HEX = [...Buffer.from("0123456789abcdef", "latin1")];

/** Sixteen bytes by their place in a vector. */
export function sixteen(byte: (at: number) => number): number[] {
  return Array.from({ length: VECTOR_BYTES }, (_, at) => byte(at));
}

/** Splits the bytes of the vector on the stack into their upper and lower halves, in the locals `halves` and the next. */
export function splitBytes(code: WasmFunction, vector: number, halves: number): WasmFunction {
  const nibbles = (): WasmFunction => code.bytes(sixteen(() => 0x0f)).and();
  code.tee(vector).shiftRight(4);
  nibbles().set(halves);
  code.get(vector);
  return nibbles().set(halves + 1);
}

/** Leaves the hex digits of the first or the last eight of the bytes that were split. */
export function digitsOf(code: WasmFunction, halves: number, part: 0 | 1): WasmFunction {
  return code
    .bytes(HEX)
    .get(halves)
    .get(halves + 1)
    .shuffle(sixteen((at) => (at % 2) * VECTOR_BYTES + 8 * part + Math.floor(at / 2)))
    .pick();
}

/** `differ(digests, texts, count)`. */
export function differ(): WasmFunction {
  const [DIGESTS, TEXTS, COUNT, DIGEST, HALVES, DIFFERENCE] = [0, 1, 2, 3, 4, 6];
  const code = new WasmFunction({ parameters: 3, vectors: 4, result: true });
  return code
    .loop(() => {
      for (const half of [0, 1]) {
        splitBytes(code.get(DIGESTS).load(16 * half), DIGEST, HALVES);
        for (const quarter of [0, 1] as const) {
          digitsOf(code, HALVES, quarter)
            .get(TEXTS)
            .load(32 * half + 16 * quarter)
            .xor();
          code.get(DIFFERENCE).or().set(DIFFERENCE);
        }
      }
      code.get(DIGESTS).i32(DIGEST_BYTES).addI32().set(DIGESTS);
      code.get(TEXTS).i32(ENTITY_LINE_BYTES).addI32().set(TEXTS);
      code.get(COUNT).i32(1).subtractI32().tee(COUNT);
    })
    .get(DIFFERENCE)
    .anyBit();
}
