import { type Label, WasmFunction } from "../wasm/wasm-function.ts";
import { skipPlain } from "./scan-lanes.ts";

/** What a cell of a row in JSON is. */
export const CELL = { null: 0, text: 1, escaped: 2, integer: 3, real: 4 } as const;

/** Bytes of LF that must be behind a text of rows: nothing is taken beyond them. */
export const CELLS_END_BYTES = 16;

const [QUOTE, BACKSLASH, COMMA, OPEN, CLOSE, MINUS, DOT, PLUS] = [0x22, 0x5c, 0x2c, 0x5b, 0x5d, 0x2d, 0x2e, 0x2b];
const [N, E, ZERO] = [0x6e, 0x65, 0x30];
const NULL_BYTES = 4;
const NUMBER_BYTES = 4;
const [BASE, FROM, WIDTH, ROWS, KINDS, BEGINS, ENDS, ROW_BEGINS, ROW_ENDS] = [0, 1, 2, 3, 4, 5, 6, 7, 8];

/** `rowCells(base, from, width, rows, kinds, begins, ends, rowBegins, rowEnds)`. */
export function rowCells(): WasmFunction {
  const code = new WasmFunction({ parameters: 9, result: true });
  const integer = (): number => code.local("i32");
  const [at, count, cell, kind, begin] = [integer(), integer(), integer(), integer(), integer()];
  const vector = code.local("v128");
  const locals = { at, kind, begin, vector };
  const byteAt = (offset = 0): WasmFunction => code.get(at).access("i32.load8_u", offset);
  const step = (local: number, bytes: number): WasmFunction => code.get(local).i32(bytes).addI32().set(local);
  code.get(BASE).get(FROM).addI32().set(at);
  code.block((lost) => {
    code.repeat((nextRow) => {
      code.get(count).get(ROWS).op("i32.ge_u").jumpIf(lost);
      // The first row of the text is behind its bracket, any other one behind a comma.
      code.i32(OPEN).i32(COMMA).get(at).get(BASE).isEqual().op("select");
      byteAt().op("i32.ne").jumpIf(lost);
      step(at, 1);
      code.get(ROW_BEGINS).get(at).get(BASE).subtractI32().storeI32(0);
      byteAt()
        .i32(ZERO)
        .isEqual()
        .when(
          () => {
            // No row to show: it ends behind its digit, which no row with cells does.
            step(at, 1);
            code.get(KINDS).get(WIDTH).addI32().set(KINDS);
            for (const list of [BEGINS, ENDS]) code.get(list).get(WIDTH).shiftLeftI32(2).addI32().set(list);
          },
          () => {
            byteAt().i32(OPEN).op("i32.ne").jumpIf(lost);
            code.i32(0).set(cell);
            code.repeat((nextCell) => {
              step(at, 1);
              code.get(at).set(begin);
              byteAt()
                .i32(QUOTE)
                .isEqual()
                .when(
                  () => takeText(code, locals, lost),
                  () => takeWord(code, locals, lost),
                );
              code.get(KINDS).get(kind).storeByte(0);
              step(KINDS, 1);
              code.get(BEGINS).get(begin).get(BASE).subtractI32().storeI32(0);
              step(BEGINS, NUMBER_BYTES);
              code.get(ENDS).get(at).get(BASE).subtractI32().storeI32(0);
              step(ENDS, NUMBER_BYTES);
              // Behind the quote of a text.
              code.get(at).get(kind).i32(CELL.text).isEqual().get(kind).i32(CELL.escaped).isEqual().op("i32.or");
              code.addI32().set(at);
              step(cell, 1);
              code
                .get(cell)
                .get(WIDTH)
                .isBelow()
                .when(() => {
                  byteAt().i32(COMMA).op("i32.ne").jumpIf(lost);
                  code.jump(nextCell);
                });
            });
            byteAt().i32(CLOSE).op("i32.ne").jumpIf(lost);
            step(at, 1);
          },
        );
      code.get(ROW_ENDS).get(at).get(BASE).subtractI32().storeI32(0);
      step(ROW_BEGINS, NUMBER_BYTES);
      step(ROW_ENDS, NUMBER_BYTES);
      step(count, 1);
      code.jump(nextRow);
    });
  });
  return code.get(count);
}

interface CellLocals {
  readonly at: number;
  readonly kind: number;
  readonly begin: number;
  readonly vector: number;
}

/** Gets to the closing quote; the cell begins behind the opening one. */
function takeText(code: WasmFunction, { at, kind, begin, vector }: CellLocals, lost: Label): void {
  const byte = code.local("i32");
  code.i32(CELL.text).set(kind);
  code.get(at).i32(1).addI32().tee(at).set(begin);
  code.block((end) => {
    code.repeat((again) => {
      skipPlain(code, at, vector);
      code.get(at).access("i32.load8_u").tee(byte).i32(QUOTE).isEqual().jumpIf(end);
      code.get(byte).i32(BACKSLASH).op("i32.ne").jumpIf(lost);
      code.i32(CELL.escaped).set(kind);
      code.get(at).i32(2).addI32().set(at).jump(again);
    });
  });
}

/** Gets behind a number or null. */
function takeWord(code: WasmFunction, { at, kind }: CellLocals, lost: Label): void {
  const [byte, first] = [code.local("i32"), code.local("i32")];
  const isByte = (one: number): WasmFunction => code.get(byte).i32(one).isEqual();
  const isDigit = (): WasmFunction => code.get(byte).i32(ZERO).subtractI32().i32(10).isBelow();
  const next = (): WasmFunction => code.get(at).i32(1).addI32().tee(at).access("i32.load8_u").tee(byte);
  code
    .get(at)
    .access("i32.load8_u")
    .tee(byte)
    .i32(N)
    .isEqual()
    .when(
      () => {
        code.i32(CELL.null).set(kind);
        code.get(at).i32(NULL_BYTES).addI32().set(at);
      },
      () => {
        code.i32(CELL.integer).set(kind);
        isByte(MINUS).when(() => next().set(byte));
        code.get(at).set(first);
        code.block((end) => {
          code.repeat((again) => {
            isDigit().op("i32.eqz").jumpIf(end);
            next().set(byte).jump(again);
          });
        });
        code.get(at).get(first).isEqual().jumpIf(lost);
        code.block((end) => {
          code.repeat((again) => {
            isByte(COMMA);
            isByte(CLOSE).op("i32.or").jumpIf(end);
            code.i32(CELL.real).set(kind);
            isDigit();
            for (const one of [DOT, E, MINUS, PLUS]) isByte(one).op("i32.or");
            code.op("i32.eqz").jumpIf(lost);
            next().set(byte).jump(again);
          });
        });
      },
    );
}
