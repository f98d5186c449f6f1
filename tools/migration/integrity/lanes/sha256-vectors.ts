import type { WasmFunction } from "../wasm/wasm-function.ts";
import { LAYOUT, WORD } from "./sha256-layout.ts";

/** Messages that are hashed together. */
export const LANES = 4;
/** Bytes of a digest. */
export const DIGEST_BYTES = 32;

const SWAP = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12];
const words = (...lanes: readonly number[]): number[] =>
  lanes.flatMap((lane) => [0, 1, 2, 3].map((at) => 4 * lane + at));
const LOW_PAIRS = words(0, 4, 1, 5);
const HIGH_PAIRS = words(2, 6, 3, 7);
const LOW_HALVES = words(0, 1, 4, 5);
const HIGH_HALVES = words(2, 3, 6, 7);

/** Sets the state to that of no blocks. */
export function begin(code: WasmFunction): void {
  for (let at = 0; at < 8; at += 1)
    code
      .i32(0)
      .i32(0)
      .load(LAYOUT.initial + WORD * at)
      .store(LAYOUT.state + WORD * at);
}

/** Swaps the bytes of each word of a vector. */
export function swapBytes(code: WasmFunction, local: number): void {
  code.get(local).get(local).shuffle(SWAP).set(local);
}

/** Makes four words of each of four messages, a message in each vector from local `V` on, words of the block from `to` on. */
export function storeWords(code: WasmFunction, V: number, to: number): void {
  transpose(code, V);
  for (let at = 0; at < 4; at += 1)
    code
      .i32(0)
      .get(V + at)
      .store(LAYOUT.block + WORD * (to + at));
}

/** Loads a half of the four digests out of the state into the vectors from `V` on, a digest in each: words, not bytes. */
export function loadDigests(code: WasmFunction, V: number, half: number): void {
  for (let at = 0; at < 4; at += 1)
    code
      .i32(0)
      .load(LAYOUT.state + WORD * (4 * half + at))
      .set(V + at);
  transpose(code, V);
}

/** Rows of the four vectors become columns. */
function transpose(code: WasmFunction, V: number): void {
  const U = V + 4;
  code
    .get(V)
    .get(V + 1)
    .shuffle(LOW_PAIRS)
    .set(U);
  code
    .get(V)
    .get(V + 1)
    .shuffle(HIGH_PAIRS)
    .set(U + 1);
  code
    .get(V + 2)
    .get(V + 3)
    .shuffle(LOW_PAIRS)
    .set(U + 2);
  code
    .get(V + 2)
    .get(V + 3)
    .shuffle(HIGH_PAIRS)
    .set(U + 3);
  code
    .get(U)
    .get(U + 2)
    .shuffle(LOW_HALVES)
    .set(V);
  code
    .get(U)
    .get(U + 2)
    .shuffle(HIGH_HALVES)
    .set(V + 1);
  code
    .get(U + 1)
    .get(U + 3)
    .shuffle(LOW_HALVES)
    .set(V + 2);
  code
    .get(U + 1)
    .get(U + 3)
    .shuffle(HIGH_HALVES)
    .set(V + 3);
}
