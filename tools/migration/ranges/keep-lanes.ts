import { sixteen } from "../integrity/lanes/hex-lanes.ts";
import type { Label, WasmFunction } from "../integrity/wasm/wasm-function.ts";
import type { LaneKeep } from "./kept-cells.ts";

/** Functions of the module of a row writer: those of the calendar, and the writer. */
export const [DATE, TIME, WRITE] = [0, 1, 2];

/** The text of a cell: the locals with the addresses of its begin and end, and a vector to work with. */
export interface CellText {
  readonly code: WasmFunction;
  readonly from: number;
  readonly to: number;
  readonly vector: number;
}

const VECTOR_BYTES = 16;
const [BACKSLASH, SPACE] = [0x5c, 0x20];
/** First bytes of the characters from U+00C0 to U+07FF, among which is no space. */
const LEADS = [0xc3, 0xdf] as const;
/** Bytes of the longest escape. */
const ESCAPE_BYTES = 6;
const [DAY_BYTES, SECOND_BYTES] = [10, 20];

/** Jumps to `otherwise` unless the text in `cell` surely stays as it is. */
export function requireKept(cell: CellText, keep: LaneKeep, otherwise: Label): void {
  const { code } = cell;
  switch (keep.rule) {
    case "trimmed":
      requireTrimmed(cell, otherwise);
      return;
    case "ascii-without":
      requireAscii(cell, keep.first, otherwise);
      return;
    case "some":
      lengthOf(cell).op("i32.eqz").jumpIf(otherwise);
      return;
    case "most":
      lengthOf(cell).i32(keep.bytes).op("i32.gt_u").jumpIf(otherwise);
      return;
    case "day":
      lengthOf(cell).i32(DAY_BYTES).op("i32.ne").jumpIf(otherwise);
      code.get(cell.from).call(DATE).op("i32.eqz").jumpIf(otherwise);
      return;
    case "second":
      // With an offset or a fraction it is longer.
      lengthOf(cell).i32(SECOND_BYTES).op("i32.ne").jumpIf(otherwise);
      code.get(cell.from).call(DATE).op("i32.eqz").jumpIf(otherwise);
      code.get(cell.from).access("i32.load8_u", DAY_BYTES).i32(0x54).op("i32.ne").jumpIf(otherwise);
      code
        .get(cell.from)
        .i32(DAY_BYTES + 1)
        .addI32()
        .call(TIME)
        .get(cell.to)
        .op("i32.ne")
        .jumpIf(otherwise);
  }
}

/** No space at both ends, and no escape that stands for something else there (see `keptTexts`). */
function requireTrimmed(cell: CellText, otherwise: Label): void {
  const { code } = cell;
  const byteAt = (local: number, offset: number): WasmFunction =>
    code.get(local).i32(offset).addI32().access("i32.load8_u");
  const isIn = (local: number, offset: number, low: number, high: number): WasmFunction =>
    byteAt(local, offset)
      .i32(low)
      .subtractI32()
      .i32(high - low)
      .op("i32.le_u");
  code.block((done) => {
    lengthOf(cell).op("i32.eqz").jumpIf(done);
    isIn(cell.from, 0, SPACE + 1, 0x7f);
    isIn(cell.from, 0, ...LEADS)
      .op("i32.or")
      .op("i32.eqz")
      .jumpIf(otherwise);
    isIn(cell.to, -1, SPACE + 1, 0x7f);
    isIn(cell.to, -2, ...LEADS);
    lengthOf(cell).i32(2).op("i32.ge_u").op("i32.and").op("i32.or").op("i32.eqz").jumpIf(otherwise);
    byteAt(cell.from, 0).i32(BACKSLASH).isEqual().jumpIf(otherwise);
    for (let back = 1; back <= ESCAPE_BYTES; back += 1) {
      lengthOf(cell).i32(back).isBelow().jumpIf(done);
      byteAt(cell.to, -back).i32(BACKSLASH).isEqual().jumpIf(otherwise);
    }
  });
}

/** Only ASCII, no escape, and none of the 26 letters from `first` on. */
function requireAscii(cell: CellText, first: number, otherwise: Label): void {
  const { code } = cell;
  const all = (byte: number): WasmFunction => code.bytes(sixteen(() => byte));
  const [at, bits, left] = [code.local("i32"), code.local("i32"), code.local("i32")];
  code.get(cell.from).set(at);
  code.block((done) => {
    code.repeat((again) => {
      code.get(cell.to).get(at).subtractI32().tee(left).op("i32.eqz").jumpIf(done);
      code.get(at).load(0).set(cell.vector);
      code.get(cell.vector);
      all(BACKSLASH).op("i8x16.eq").get(cell.vector).or().get(cell.vector);
      all(first).op("i8x16.sub");
      // The top bit is that of a byte beyond ASCII, too.
      all(26).op("i8x16.lt_u").or().op("i8x16.bitmask").set(bits);
      code
        .get(left)
        .i32(VECTOR_BYTES)
        .isBelow()
        .when(() => {
          code.get(bits).i32(1).get(left).op("i32.shl").i32(1).subtractI32().op("i32.and").jumpIf(otherwise);
          code.jump(done);
        });
      code.get(bits).jumpIf(otherwise);
      code.get(at).i32(VECTOR_BYTES).addI32().set(at).jump(again);
    });
  });
}

function lengthOf({ code, from, to }: CellText): WasmFunction {
  return code.get(to).get(from).subtractI32();
}
