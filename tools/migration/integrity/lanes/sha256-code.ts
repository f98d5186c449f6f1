import { ENTITY_LINE_BYTES } from "../limits.ts";
import { WasmFunction, wasmModule } from "./wasm-code.ts";

/** Where things are in the memory of the lanes, in bytes; a vector has one word of each of the four messages. */
export const LAYOUT = {
  /** 64 round constants, four copies each. */
  constants: 0,
  /** Constants plus schedule of the third block of a leaf, which is the same for all leaves. */
  leafEnd: 1024,
  initial: 2048,
  state: 2176,
  /** Sixteen words, and one more for the byte that a node has beyond its first block. */
  block: 2304,
  literals: 2576,
  /** First byte for the user of the memory. */
  free: 4096,
} as const;

/** Bytes of a leaf message: 0x00 takes the place of the LF of an entity line (RFC 9162, section 2.1.1). */
export const LEAF_BYTES = ENTITY_LINE_BYTES;
/** Words that are written into blocks, in the order of `literals`: a prefix, end bits, and a length in bits. */
export const LITERALS = {
  zero: 0,
  nodePrefix: 0x01000000,
  leafStop: 0x00008000,
  nodeStop: 0x00800000,
  nodeBits: 520,
} as const;
const WORD = 16;
const LANES = 4;
const DIGEST_BYTES = 32;

/** Locals of the rounds: sixteen words of the message, eight of the state, and one in between. */
const [W, S, T] = [0, 16, 24];

const SWAP = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12];
const words = (...lanes: readonly number[]): number[] =>
  lanes.flatMap((lane) => [0, 1, 2, 3].map((at) => 4 * lane + at));
const LOW_PAIRS = words(0, 4, 1, 5);
const HIGH_PAIRS = words(2, 6, 3, 7);
const LOW_HALVES = words(0, 1, 4, 5);
const HIGH_HALVES = words(2, 3, 6, 7);

/**
 * A module that hashes four messages at a time, one in each lane of a vector (FIPS 180-4, section 6.2). `leaves(from,
 * to, groups)` hashes lines of 122 bytes, `nodes(from, to, groups)` pairs of digests; a group is four messages. Digests
 * are kept as eight words in the byte order of the machine.
 */
export function lanesModule(): Uint8Array<ArrayBuffer> {
  const functions = [rounds(true), rounds(false), leaves(), nodes()];
  return wasmModule(
    functions,
    new Map([
      ["leaves", 2],
      ["nodes", 3],
    ]),
  );
}

const [BLOCK, FIXED_BLOCK] = [0, 1];

/** Takes the block into the state; without schedule, the words are those of `leafEnd`. */
function rounds(scheduled: boolean): WasmFunction {
  const code = new WasmFunction(0, 25);
  if (scheduled)
    for (let at = 0; at < 16; at += 1)
      code
        .i32(0)
        .load(LAYOUT.block + WORD * at)
        .set(W + at);
  for (let at = 0; at < 8; at += 1)
    code
      .i32(0)
      .load(LAYOUT.state + WORD * at)
      .set(S + at);
  for (let round = 0; round < 64; round += 1) emitRound(code, round, scheduled);
  for (let at = 0; at < 8; at += 1) {
    const place = LAYOUT.state + WORD * at;
    code
      .i32(0)
      .i32(0)
      .load(place)
      .get(S + at)
      .add()
      .store(place);
  }
  return code;
}

function emitRound(code: WasmFunction, round: number, scheduled: boolean): void {
  const s = (at: number): number => S + ((at - round + 64) % 8);
  const [a, b, c, d, e, f, g, h] = [s(0), s(1), s(2), s(3), s(4), s(5), s(6), s(7)];
  const table = scheduled ? LAYOUT.constants : LAYOUT.leafEnd;
  code
    .get(h)
    .i32(0)
    .load(table + WORD * round)
    .add();
  if (scheduled) code.get(W + (round % 16)).add();
  code.get(f).get(g).xor().get(e).and().get(g).xor().add();
  rotations(code, e, [6, 11, 25]).add().tee(T);
  code.get(d).add().set(d);
  code.get(T);
  code.get(a).get(b).or().get(c).and().get(a).get(b).and().or().add();
  rotations(code, a, [2, 13, 22]).add().set(h);
  if (scheduled && round < 48) emitSchedule(code, round);
}

/** Word 16 rounds on takes the place of this one. */
function emitSchedule(code: WasmFunction, round: number): void {
  const w = (at: number): number => W + ((round + at) % 16);
  code.get(w(0)).get(w(9)).add();
  rotations(code, w(1), [7, 18], 3).add();
  rotations(code, w(14), [17, 19], 10).add().set(w(0));
}

/** Exclusive or of a word rotated right by each of `turns`, and shifted right by `shift`. */
function rotations(code: WasmFunction, local: number, turns: readonly number[], shift?: number): WasmFunction {
  turns.forEach((bits, at) => {
    code.get(local).shiftRight(bits);
    if (at > 0) code.xor();
    code
      .get(local)
      .shiftLeft(32 - bits)
      .xor();
  });
  return shift === undefined ? code : code.get(local).shiftRight(shift).xor();
}

const [FROM, TO, GROUPS] = [0, 1, 2];
const V = 3;

function leaves(): WasmFunction {
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

function nodes(): WasmFunction {
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
