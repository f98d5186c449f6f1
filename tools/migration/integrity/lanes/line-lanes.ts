import { ENTITY_LINE_BYTES } from "../limits.ts";
import { WasmFunction } from "../wasm/wasm-function.ts";
import { digitsOf, sixteen, splitBytes } from "./hex-lanes.ts";
import { DIGEST_BYTES, swapBytes } from "./sha256-vectors.ts";

/** Bytes of a place in the lists of `gather` and `entities`: the address of a line and its length. */
export const PLACE_BYTES = 8;
/** Bytes of the words of an id, before its line. */
const WORDS_BYTES = 16;

/** Where the id is in a line of entities.jsonl, and its digest. */
export const [ID_AT, DIGEST_AT] = [7, 55];

const LF = 10;
const DASH = 0x2d;
/** Characters of an id before which, with the dashes counted, there is one. */
const DASHES: readonly number[] = [8, 13, 18, 23];

/** `gather(list, count, to)`. */
export function gather(): WasmFunction {
  const [LIST, COUNT, TO] = [0, 1, 2];
  const code = new WasmFunction({ parameters: 3, vectors: 0 });
  return code.loop(() => {
    code.get(TO).get(LIST).loadI32(0).get(LIST).loadI32(4).copyBytes();
    code.get(TO).get(LIST).loadI32(4).addI32().tee(TO);
    code.i32(LF).storeByte(0);
    code.get(TO).i32(1).addI32().set(TO);
    code.get(LIST).i32(PLACE_BYTES).addI32().set(LIST);
    code.get(COUNT).i32(1).subtractI32().tee(COUNT);
  });
}

const [LIST, DIGESTS, TEXTS, COUNT] = [0, 1, 2, 3];
const [VECTOR, HALVES, FIRST, LAST] = [4, 5, 7, 8];

/** `entities(list, digests, texts, count)`. */
export function entities(): WasmFunction {
  const code = new WasmFunction({ parameters: 4, vectors: 5 });
  return code.loop(() => {
    code.get(LIST).loadI32(0).i32(WORDS_BYTES).subtractI32().load(0);
    putUuid(code, TEXTS, ID_AT, { vector: VECTOR, halves: HALVES, first: FIRST, last: LAST });
    for (const half of [0, 1]) {
      splitBytes(code.get(DIGESTS).load(16 * half), VECTOR, HALVES);
      for (const quarter of [0, 1] as const) {
        code.get(TEXTS);
        digitsOf(code, HALVES, quarter).store(DIGEST_AT + 32 * half + 16 * quarter);
      }
    }
    code.get(LIST).i32(PLACE_BYTES).addI32().set(LIST);
    code.get(DIGESTS).i32(DIGEST_BYTES).addI32().set(DIGESTS);
    code.get(TEXTS).i32(ENTITY_LINE_BYTES).addI32().set(TEXTS);
    code.get(COUNT).i32(1).subtractI32().tee(COUNT);
  });
}

/** Locals of `putUuid`: vectors, of which `halves` has one behind it. */
export interface PutLocals {
  readonly vector: number;
  readonly halves: number;
  readonly first: number;
  readonly last: number;
}

/**
 * Writes the 36 characters of the UUID whose four words are the vector on the stack, from the address in `to` plus `offset` on,
 * as three vectors that overlap: from the first, the fifth and the 21st character on.
 */
export function putUuid(code: WasmFunction, to: number, offset: number, locals: PutLocals): void {
  const { vector, halves, first, last } = locals;
  code.set(vector);
  swapBytes(code, vector);
  splitBytes(code.get(vector), vector, halves);
  digitsOf(code, halves, 0).set(first);
  digitsOf(code, halves, 1).set(last);
  for (const from of [0, 4, 20]) {
    const isDash = (at: number): boolean => DASHES.includes(from + at);
    const digit = (at: number): number => from + at - DASHES.filter((dash) => dash < from + at).length;
    code.get(to).get(first).get(last);
    code.shuffle(sixteen((at) => (isDash(at) ? 0 : digit(at))));
    code.bytes(sixteen((at) => (isDash(at) ? 0 : 0xff))).and();
    code.bytes(sixteen((at) => (isDash(at) ? DASH : 0))).or();
    code.store(offset + from);
  }
}
