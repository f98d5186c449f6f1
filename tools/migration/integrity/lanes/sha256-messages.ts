import { LAYOUT, LEAF_BYTES, LITERALS, WORD } from "./sha256-layout.ts";
import { WasmFunction } from "./wasm-code.ts";

const LANES = 4;
const DIGEST_BYTES = 32;
/** Functions of the module: one block of any content, and the third block of a leaf. */
const [BLOCK, FIXED_BLOCK] = [0, 1];

const SWAP = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12];
const words = (...lanes: readonly number[]): number[] =>
  lanes.flatMap((lane) => [0, 1, 2, 3].map((at) => 4 * lane + at));
const LOW_PAIRS = words(0, 4, 1, 5);
const HIGH_PAIRS = words(2, 6, 3, 7);
const LOW_HALVES = words(0, 1, 4, 5);
const HIGH_HALVES = words(2, 3, 6, 7);

const [FROM, TO, GROUPS] = [0, 1, 2];
const V = 3;

/** `leaves(from, to, groups)`. */
export function leaves(): WasmFunction {
  const code = new WasmFunction(3, 8);
  return code.loop(() => {
    begin(code);
    for (let quarter = 0; quarter < 4; quarter += 1) loadWords(code, LEAF_BYTES, 16 * quarter, 4 * quarter, true);
    code.call(BLOCK);
    for (let quarter = 0; quarter < 4; quarter += 1) loadWords(code, LEAF_BYTES, 64 + 16 * quarter, 4 * quarter, true);
    endLeaf(code);
    code.call(BLOCK).call(FIXED_BLOCK);
    storeDigests(code);
    next(code, LANES * LEAF_BYTES);
  });
}

/** Two bytes of the message are in word 14 of its second block; then comes the bit that ends it. */
function endLeaf(code: WasmFunction): void {
  const place = LAYOUT.block + WORD * 14;
  code.i32(0).i32(0).load(place).shiftRight(16).shiftLeft(16);
  literal(code, "leafStop").or().store(place);
  zero(code, 15);
}

/** `nodes(from, to, groups)`. */
export function nodes(): WasmFunction {
  const code = new WasmFunction(3, 8);
  return code.loop(() => {
    begin(code);
    for (let quarter = 0; quarter < 4; quarter += 1) loadWords(code, 64, 16 * quarter, 4 * quarter, false);
    shiftWords(code);
    code.call(BLOCK);
    code
      .i32(0)
      .i32(0)
      .load(LAYOUT.block + WORD * 16)
      .store(LAYOUT.block);
    for (let at = 1; at < 15; at += 1) zero(code, at);
    code.i32(0);
    literal(code, "nodeBits").store(LAYOUT.block + WORD * 15);
    code.call(BLOCK);
    storeDigests(code);
    next(code, LANES * 64);
  });
}

/** Moves the words of two digests by one byte, behind the prefix 0x01; the last byte goes behind the block, with the end bit. */
function shiftWords(code: WasmFunction): void {
  const place = (at: number): number => LAYOUT.block + WORD * at;
  code.i32(0).i32(0).load(place(15)).shiftLeft(24);
  literal(code, "nodeStop").or().store(place(16));
  for (let at = 15; at > 0; at -= 1) {
    code.i32(0).i32(0).load(place(at)).shiftRight(8);
    code
      .i32(0)
      .load(place(at - 1))
      .shiftLeft(24)
      .or()
      .store(place(at));
  }
  code.i32(0).i32(0).load(place(0)).shiftRight(8);
  literal(code, "nodePrefix").or().store(place(0));
}

function begin(code: WasmFunction): void {
  for (let at = 0; at < 8; at += 1)
    code
      .i32(0)
      .i32(0)
      .load(LAYOUT.initial + WORD * at)
      .store(LAYOUT.state + WORD * at);
}

function next(code: WasmFunction, step: number): void {
  code.get(FROM).i32(step).addI32().set(FROM);
  code
    .get(TO)
    .i32(LANES * DIGEST_BYTES)
    .addI32()
    .set(TO);
  code.get(GROUPS).i32(1).subtractI32().tee(GROUPS);
}

/** Four words of each lane from `offset` on, as four vectors from word `to` of the block on. */
function loadWords(code: WasmFunction, stride: number, offset: number, to: number, swap: boolean): void {
  for (let lane = 0; lane < LANES; lane += 1) {
    code.get(FROM).load(stride * lane + offset);
    if (swap)
      code
        .tee(V + lane)
        .get(V + lane)
        .shuffle(SWAP);
    code.set(V + lane);
  }
  transpose(code);
  for (let at = 0; at < 4; at += 1)
    code
      .i32(0)
      .get(V + at)
      .store(LAYOUT.block + WORD * (to + at));
}

function storeDigests(code: WasmFunction): void {
  for (const half of [0, 1]) {
    for (let at = 0; at < 4; at += 1)
      code
        .i32(0)
        .load(LAYOUT.state + WORD * (4 * half + at))
        .set(V + at);
    transpose(code);
    for (let lane = 0; lane < LANES; lane += 1)
      code
        .get(TO)
        .get(V + lane)
        .store(DIGEST_BYTES * lane + 16 * half);
  }
}

/** Rows of the four vectors become columns. */
function transpose(code: WasmFunction): void {
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

function zero(code: WasmFunction, at: number): void {
  code.i32(0);
  literal(code, "zero").store(LAYOUT.block + WORD * at);
}

function literal(code: WasmFunction, name: keyof typeof LITERALS): WasmFunction {
  return code.i32(0).loadSplat(LAYOUT.literals + 4 * Object.keys(LITERALS).indexOf(name));
}
