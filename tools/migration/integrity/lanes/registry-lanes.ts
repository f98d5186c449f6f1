import { type Label, WasmFunction } from "../wasm/wasm-function.ts";
import { expectByte, expectText, skipPlain } from "./scan-lanes.ts";
import { readUuid, UUID_BYTES, uuidLocals } from "./uuid-lanes.ts";

/** An entry of a registry in its committed form: what is before, between and behind its values. */
export const ENTRY = { head: '{"legacyId":"', middle: '","targetUuid":"', version: '","version":', end: "}" } as const;

const VECTOR_BYTES = 16;
const MOST_DIGITS = 15;
const [ZERO, CLOSE, LF] = [0x30, 0x7d, 0x0a];
const [AT, TO, LAST, LAST_END, WORDS, PLACES, MOST, SEPARATOR] = [0, 1, 2, 3, 4, 5, 6, 7];

/** `entries(from, to, last, lastEnd, words, places, most, separator)`. */
export function registryEntries(): WasmFunction {
  const code = new WasmFunction({ parameters: 8, result: true });
  const uuid = uuidLocals(code);
  const [begin, end, next, count] = [code.local("i32"), code.local("i32"), code.local("i32"), code.local("i32")];
  code.block((done) => {
    code.repeat((again) => {
      code.get(count).get(MOST).op("i32.ge_u").jumpIf(done);
      expectText(code, AT, 0, ENTRY.head, done);
      code.get(AT).i32(ENTRY.head.length).addI32().tee(begin).set(end);
      skipPlain(code, end, uuid.first);
      code.get(begin).get(end).isEqual().jumpIf(done);
      expectText(code, end, 0, ENTRY.middle, done);
      code.get(WORDS);
      readUuid(code, end, ENTRY.middle.length, uuid).store(0);
      code.get(uuid.isWrong).jumpIf(done);
      expectText(code, end, ENTRY.middle.length + UUID_BYTES, ENTRY.version, done);
      const versionAt = ENTRY.middle.length + UUID_BYTES + ENTRY.version.length;
      code.get(end).i32(versionAt).addI32().set(next);
      skipVersion(code, next, done);
      expectByte(code, next, 0, CLOSE, done);
      code.get(next).access("i32.load8_u", 1).get(SEPARATOR).op("i32.ne").jumpIf(done);
      code.get(next).i32(2).addI32().set(next);
      code
        .get(SEPARATOR)
        .i32(LF)
        .op("i32.ne")
        .when(() => {
          // A comma, and then the LF.
          code.get(next).i32(1).addI32().set(next);
        });
      code.get(next).get(TO).op("i32.gt_u").jumpIf(done);
      code.get(next).i32(1).subtractI32().access("i32.load8_u").i32(LF).op("i32.ne").jumpIf(done);
      expectAbove(code, { begin, end }, done);
      code.get(PLACES).get(begin).storeI32(0);
      code.get(PLACES).get(end).storeI32(4);
      code.get(PLACES).i32(8).addI32().set(PLACES);
      code.get(WORDS).i32(16).addI32().set(WORDS);
      code.get(begin).set(LAST);
      code.get(end).set(LAST_END);
      code.get(next).set(AT);
      code.get(count).i32(1).addI32().set(count).jump(again);
    });
  });
  return code.get(count);
}

/** Moves behind a number of 1 to 15 digits that does not begin with 0; anything else is for the caller. */
function skipVersion(code: WasmFunction, at: number, otherwise: Label): void {
  const [first, digit] = [code.local("i32"), code.local("i32")];
  const isDigit = (least: number): WasmFunction =>
    code
      .get(digit)
      .i32(least)
      .subtractI32()
      .i32(ZERO + 10 - least)
      .isBelow();
  code.get(at).tee(first).access("i32.load8_u").set(digit);
  isDigit(ZERO + 1)
    .op("i32.eqz")
    .jumpIf(otherwise);
  code.repeat((again) => {
    code.get(at).i32(1).addI32().tee(at).access("i32.load8_u").set(digit);
    isDigit(ZERO).jumpIf(again);
  });
  code.get(at).get(first).subtractI32().i32(MOST_DIGITS).op("i32.gt_u").jumpIf(otherwise);
}

/** Jumps to `otherwise` unless the bytes of the legacy id are above those of the last one. */
function expectAbove(
  code: WasmFunction,
  { begin, end }: { readonly begin: number; readonly end: number },
  otherwise: Label,
): void {
  const [own, last, least] = [code.local("i32"), code.local("i32"), code.local("i32")];
  const [at, bits] = [code.local("i32"), code.local("i32")];
  code.get(end).get(begin).subtractI32().set(own);
  code.get(LAST_END).get(LAST).subtractI32().set(last);
  code.get(own).get(last).get(own).get(last).isBelow().op("select").set(least);
  code.i32(0).set(at);
  code.block((found) => {
    code.repeat((again) => {
      code.get(begin).get(at).addI32().load(0).get(LAST).get(at).addI32().load(0);
      code
        .op("i8x16.ne")
        .op("i8x16.bitmask")
        .tee(bits)
        .when(() => {
          code.get(at).get(bits).op("i32.ctz").addI32().set(at).jump(found);
        });
      code.get(at).i32(VECTOR_BYTES).addI32().tee(at).get(least).isBelow().jumpIf(again);
    });
  });
  code
    .get(at)
    .get(least)
    .isBelow()
    .when(
      () => {
        const byteOf = (id: number): WasmFunction => code.get(id).get(at).addI32().access("i32.load8_u");
        byteOf(begin);
        byteOf(LAST).op("i32.le_u").jumpIf(otherwise);
      },
      () => code.get(own).get(last).op("i32.le_u").jumpIf(otherwise),
    );
}
