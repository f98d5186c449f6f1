import { WasmFunction } from "../wasm/wasm-function.ts";
import { END_TABLE_BYTES, LAYOUT, MESSAGE_END, WORD } from "./sha256-layout.ts";
import { begin, LANES, loadDigests, storeWords, swapBytes } from "./sha256-vectors.ts";

const BLOCK = 0;
const BLOCK_BYTES = 64;

const [LIST, GROUPS, BLOCKS] = [0, 1, 2];
const V = 3;
/** Address of the block in each message, bytes of the message from there on, and blocks left. */
const [FROM, REST, LEFT] = [11, 15, 19];

/** Bytes of an entry of a list: address, length, and address of the digest. */
export const ENTRY_BYTES = 12;

/** `lines(list, groups, blocks)`. */
export function lines(): WasmFunction {
  const code = new WasmFunction({ parameters: 3, vectors: 8, integers: 9 });
  return code.loop(() => {
    begin(code);
    for (let lane = 0; lane < LANES; lane += 1) {
      entry(code, lane, 0).set(FROM + lane);
      entry(code, lane, 4).set(REST + lane);
    }
    code.get(BLOCKS).set(LEFT);
    code.loop(() => block(code));
    storeDigests(code);
    code
      .get(LIST)
      .i32(LANES * ENTRY_BYTES)
      .addI32()
      .set(LIST);
    code.get(GROUPS).i32(1).subtractI32().tee(GROUPS);
  });
}

/** The word at `offset` of the entry of a lane. */
function entry(code: WasmFunction, lane: number, offset: number): WasmFunction {
  return code.get(LIST).loadI32(ENTRY_BYTES * lane + offset);
}

function block(code: WasmFunction): void {
  code
    .i32(2)
    .get(LEFT)
    .isBelow()
    .when(
      () => loadBlock(code, false),
      () => {
        loadBlock(code, true);
        code
          .get(LEFT)
          .i32(1)
          .isEqual()
          .when(() => storeLengths(code));
      },
    );
  code.call(BLOCK);
  for (let lane = 0; lane < LANES; lane += 1) {
    code
      .get(FROM + lane)
      .i32(BLOCK_BYTES)
      .addI32()
      .set(FROM + lane);
    code
      .get(REST + lane)
      .i32(BLOCK_BYTES)
      .subtractI32()
      .set(REST + lane);
  }
  code.get(LEFT).i32(1).subtractI32().tee(LEFT);
}

/** The words of a block of each message; what is behind the end of a message becomes its end bit and zeros. */
function loadBlock(code: WasmFunction, mayEnd: boolean): void {
  for (let quarter = 0; quarter < 4; quarter += 1) {
    for (let lane = 0; lane < LANES; lane += 1) {
      code.get(FROM + lane).load(16 * quarter);
      if (mayEnd) {
        endTable(code, lane, LAYOUT.keep + 16 * quarter).and();
        endTable(code, lane, LAYOUT.stop + 16 * quarter).or();
      }
      code.set(V + lane);
      swapBytes(code, V + lane);
    }
    storeWords(code, V, 4 * quarter);
  }
}

function endTable(code: WasmFunction, lane: number, place: number): WasmFunction {
  return code
    .i32(MESSAGE_END)
    .get(REST + lane)
    .subtractI32()
    .load(place);
}

/** The lengths in bits: no message here is so long that they need a second word. */
function storeLengths(code: WasmFunction): void {
  for (let lane = 0; lane < LANES; lane += 1) {
    code.i32(0);
    entry(code, lane, 4)
      .shiftLeftI32(3)
      .storeI32(LAYOUT.block + WORD * 15 + 4 * lane);
  }
}

function storeDigests(code: WasmFunction): void {
  for (const half of [0, 1]) {
    loadDigests(code, V, half);
    for (let lane = 0; lane < LANES; lane += 1) {
      swapBytes(code, V + lane);
      entry(code, lane, 8)
        .get(V + lane)
        .store(16 * half);
    }
  }
}

/** Fills the tables that `lines` ends messages with. */
export function fillEndTables(memory: Uint8Array): void {
  memory.fill(0xff, LAYOUT.keep, LAYOUT.keep + MESSAGE_END);
  memory.fill(0, LAYOUT.keep + MESSAGE_END, LAYOUT.keep + END_TABLE_BYTES);
  memory.fill(0, LAYOUT.stop, LAYOUT.stop + END_TABLE_BYTES);
  memory[LAYOUT.stop + MESSAGE_END] = 0x80;
}
