import { WasmFunction } from "../wasm/wasm-function.ts";
import { LAYOUT, LEAF_BYTES, LITERALS, WORD } from "./sha256-layout.ts";
import { begin, DIGEST_BYTES, LANES, loadDigests, storeWords, swapBytes } from "./sha256-vectors.ts";

/** Functions of the module: one block of any content, and the third block of a leaf. */
const [BLOCK, FIXED_BLOCK] = [0, 1];

const [FROM, TO, GROUPS] = [0, 1, 2];
const V = 3;

/** `leaves(from, to, groups)`. */
export function leaves(): WasmFunction {
  const code = new WasmFunction({ parameters: 3, vectors: 8 });
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
  const code = new WasmFunction({ parameters: 3, vectors: 8 });
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
    code
      .get(FROM)
      .load(stride * lane + offset)
      .set(V + lane);
    if (swap) swapBytes(code, V + lane);
  }
  storeWords(code, V, to);
}

function storeDigests(code: WasmFunction): void {
  for (const half of [0, 1]) {
    loadDigests(code, V, half);
    for (let lane = 0; lane < LANES; lane += 1)
      code
        .get(TO)
        .get(V + lane)
        .store(DIGEST_BYTES * lane + 16 * half);
  }
}

function zero(code: WasmFunction, at: number): void {
  code.i32(0);
  literal(code, "zero").store(LAYOUT.block + WORD * at);
}

function literal(code: WasmFunction, name: keyof typeof LITERALS): WasmFunction {
  return code.i32(0).loadSplat(LAYOUT.literals + 4 * Object.keys(LITERALS).indexOf(name));
}
