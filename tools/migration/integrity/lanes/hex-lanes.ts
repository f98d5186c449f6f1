import { ENTITY_LINE_BYTES } from "../limits.ts";
import { DIGEST_BYTES } from "./sha256-vectors.ts";
import { WasmFunction } from "./wasm-code.ts";

const VECTOR_BYTES = 16;
const sixteen = (byte: (at: number) => number): number[] => Array.from({ length: VECTOR_BYTES }, (_, at) => byte(at));

/** `differ(digests, texts, count)`. */
export function differ(): WasmFunction {
  const [DIGESTS, TEXTS, COUNT, DIGEST, HIGH, LOW, DIFFERENCE] = [0, 1, 2, 3, 4, 5, 6];
  const code = new WasmFunction({ parameters: 3, vectors: 4, result: true });
  const nibbles = (): WasmFunction => code.bytes(sixteen(() => 0x0f)).and();
  return code
    .loop(() => {
      for (const half of [0, 1]) {
        code
          .get(DIGESTS)
          .load(16 * half)
          .tee(DIGEST)
          .shiftRight(4);
        nibbles().set(HIGH);
        code.get(DIGEST);
        nibbles().set(LOW);
        for (const quarter of [0, 1]) {
          code.bytes([...Buffer.from("0123456789abcdef", "latin1")]);
          code
            .get(HIGH)
            .get(LOW)
            .shuffle(sixteen((at) => (at % 2) * VECTOR_BYTES + 8 * quarter + Math.floor(at / 2)));
          code
            .pick()
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
