import type { WasmFunction } from "../wasm/wasm-function.ts";
import { sixteen } from "./hex-lanes.ts";

/** Characters of a UUID. */
export const UUID_BYTES = 36;

const [DASH, ZERO, LOWER_A] = [0x2d, 0x30, 0x61];
/** The vectors of a UUID: its characters from 0, from 16 and from 20 on. */
const [SECOND_AT, LAST_AT] = [16, 20];

/** Locals of `readUuid`, to be made once for a function. */
export interface UuidLocals {
  readonly first: number;
  readonly second: number;
  readonly digits: number;
  readonly letters: number;
  readonly bytes: number;
  /** Set to 1 where the 36 characters are no lower-case UUID. */
  readonly isWrong: number;
}

export function uuidLocals(code: WasmFunction): UuidLocals {
  const vector = (): number => code.local("v128");
  return {
    first: vector(),
    second: vector(),
    digits: vector(),
    letters: vector(),
    bytes: vector(),
    isWrong: code.local("i32"),
  };
}

/**
 * Leaves the four words of the UUID at the address in `at` plus `offset` as a vector: each word as a number, as `SharedIds`
 * has them. `isWrong` is set where the characters are no UUID, and is not touched elsewhere.
 */
export function readUuid(code: WasmFunction, at: number, offset: number, locals: UuidLocals): WasmFunction {
  const { first, second, bytes } = locals;
  code.get(at).load(offset).set(first);
  code
    .get(at)
    .load(offset + SECOND_AT)
    .set(second);
  // The dashes are characters 8, 13, 18 and 23.
  code.get(first).get(second);
  code.shuffle(sixteen((place) => [8, 13, 18, 23][place] ?? 0)).lane(0);
  code.i32(DASH * 0x01010101).op("i32.ne");
  orWrong(code, locals);
  code.get(first).get(second);
  code.shuffle([0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16, 17]);
  hexBytes(code, locals).set(bytes);
  code
    .get(second)
    .get(at)
    .load(offset + LAST_AT);
  code.shuffle([3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 28, 29, 30, 31]);
  hexBytes(code, locals).set(second);
  // A byte is in the lower half of each pair; those of a word go the other way round.
  code.get(bytes).get(second);
  return code.shuffle(sixteen((place) => 8 * Math.floor(place / 4) + 6 - 2 * (place % 4)));
}

/** Sixteen hex digits on the stack become eight bytes, each in the lower half of a pair; anything else is wrong. */
function hexBytes(code: WasmFunction, locals: UuidLocals): WasmFunction {
  const { digits, letters } = locals;
  const all = (byte: number): WasmFunction => code.bytes(sixteen(() => byte));
  code.set(digits);
  code.get(digits);
  all(LOWER_A).op("i8x16.sub");
  all(6).op("i8x16.lt_u").set(letters);
  code.get(digits);
  all(ZERO).op("i8x16.sub");
  all(10).op("i8x16.lt_u").get(letters).or().op("i8x16.all_true").op("i32.eqz");
  orWrong(code, locals);
  // The lower four bits of a letter are 1 to 6.
  code.get(digits);
  all(0x0f).and().get(letters);
  all(9).and().op("i8x16.add").tee(digits).shiftLeft(4).get(digits).shiftRight(8);
  return code.or();
}

function orWrong(code: WasmFunction, { isWrong }: UuidLocals): void {
  code.get(isWrong).op("i32.or").set(isWrong);
}
