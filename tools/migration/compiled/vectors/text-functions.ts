import { skipPlain } from "../../integrity/lanes/scan-lanes.ts";
import { WasmFunction } from "../../integrity/wasm/wasm-function.ts";
import { IBAN_LENGTH, PHONE_DIGITS } from "../personal-limits.ts";
import { callHelper } from "./helpers.ts";

const [QUOTE, BACKSLASH, AT_SIGN] = [0x22, 0x5c, 0x40];
/** The letters of two-byte escapes from the backslash on, a bit each: \ b f n r t. */
const ESCAPES = [0x5c, 0x62, 0x66, 0x6e, 0x72, 0x74].reduce((bits, byte) => bits | (1 << (byte - BACKSLASH)), 0);

/** What `contentOrder` gives where an escape or a byte beyond ASCII comes before the first difference. */
export const UNKNOWN_ORDER = 2;

/** `textEnd(at)`: the address of the closing quote of the string whose content goes on at `at`; 0 where an escape or control is not as RFC 8785 writes it. */
export function textEnd(): WasmFunction {
  const AT = 0;
  const code = new WasmFunction({ parameters: 1, result: true });
  const [vector, byte, size] = [code.local("v128"), code.local("i32"), code.local("i32")];
  code.repeat((again) => {
    skipPlain(code, AT, vector);
    code.get(AT).access("i32.load8_u").tee(byte).i32(QUOTE).isEqual();
    code.when(() => code.get(AT).leave());
    code
      .get(byte)
      .i32(BACKSLASH)
      .op("i32.ne")
      .when(() => code.i32(0).leave());
    callHelper(code.get(AT), "escapeSize")
      .tee(size)
      .op("i32.eqz")
      .when(() => code.i32(0).leave());
    code.get(AT).get(size).addI32().set(AT).jump(again);
  });
  return code.i32(0);
}

/** `escapeSize(at)`: bytes of the canonical escape at `at`, where a backslash is; 0 where it is none. */
export function escapeSize(): WasmFunction {
  const AT = 0;
  const code = new WasmFunction({ parameters: 1, result: true });
  const [letter, high, low] = [code.local("i32"), code.local("i32"), code.local("i32")];
  code.get(AT).access("i32.load8_u", 1).tee(letter).i32(QUOTE).isEqual();
  code.when(() => code.i32(2).leave());
  code.get(letter).i32(BACKSLASH).subtractI32().tee(low).i32(32).isBelow();
  code.i32(ESCAPES).get(low).op("i32.shr_u").i32(1).op("i32.and").op("i32.and");
  code.when(() => code.i32(2).leave());
  code
    .get(letter)
    .i32(0x75)
    .op("i32.ne")
    .when(() => code.i32(0).leave());
  code
    .get(AT)
    .access("i32.load16_u", 2)
    .i32(0x3030)
    .op("i32.ne")
    .when(() => code.i32(0).leave());
  code.get(AT).access("i32.load8_u", 4).set(high);
  code.get(AT).access("i32.load8_u", 5).set(low);
  const isBelow = (from: number, count: number): WasmFunction =>
    code.get(low).i32(from).subtractI32().i32(count).isBelow();
  isBelow(0x30, 10);
  isBelow(0x61, 6)
    .op("i32.or")
    .op("i32.eqz")
    .when(() => code.i32(0).leave());
  code
    .get(high)
    .i32(0x31)
    .isEqual()
    .when(() => code.i32(6).leave());
  code
    .get(high)
    .i32(0x30)
    .op("i32.ne")
    .when(() => code.i32(0).leave());
  // Five controls have a letter of their own: 8, 9, a, c and d.
  isBelow(0x30, 8);
  code.get(low).i32(0x62).isEqual().op("i32.or");
  isBelow(0x65, 2)
    .op("i32.or")
    .when(() => code.i32(6).leave());
  return code.i32(0);
}

/** `codePoints(from, to)`: how many there are in the content of a string. */
export function codePoints(): WasmFunction {
  const [AT, TO] = [0, 1];
  const code = new WasmFunction({ parameters: 2, result: true });
  const [byte, count] = [code.local("i32"), code.local("i32")];
  code.block((end) => {
    code.repeat((again) => {
      code.get(AT).get(TO).op("i32.ge_u").jumpIf(end);
      code
        .get(AT)
        .access("i32.load8_u")
        .tee(byte)
        .i32(BACKSLASH)
        .isEqual()
        .when(
          () => {
            code.get(AT).i32(6).i32(2).get(AT).access("i32.load8_u", 1).i32(0x75).isEqual().op("select");
            code.addI32().set(AT).get(count).i32(1).addI32().set(count);
          },
          () => {
            code.get(AT).i32(1).addI32().set(AT);
            // All but the further bytes of a character begin one.
            code.get(count).get(byte).i32(0xc0).op("i32.and").i32(0x80).op("i32.ne").addI32().set(count);
          },
        );
      code.jump(again);
    });
  });
  return code.get(count);
}

/**
 * `isImpersonal(from, to)`: 1 where no detector of personal values can fire on the content of a string: no `@`; nowhere
 * seven digits without a letter between them (phone and card numbers); no word that begins like an IBAN (two letters, two
 * digits) in a text with enough letters and digits for one.
 */
export function isImpersonal(): WasmFunction {
  const [AT, TO] = [0, 1];
  const code = new WasmFunction({ parameters: 2, result: true });
  const integer = (): number => code.local("i32");
  const [byte, digits, alphanumerics, head, iban] = [integer(), integer(), integer(), integer(), integer()];
  const count = (local: number): WasmFunction => code.get(local).i32(1).addI32().tee(local);
  code.block((end) => {
    code.repeat((again) => {
      code.get(AT).get(TO).op("i32.ge_u").jumpIf(end);
      code
        .get(AT)
        .access("i32.load8_u")
        .tee(byte)
        .i32(AT_SIGN)
        .isEqual()
        .when(() => code.i32(0).leave());
      code
        .get(byte)
        .i32(0x30)
        .subtractI32()
        .i32(10)
        .isBelow()
        .when(
          () => {
            count(digits)
              .i32(PHONE_DIGITS)
              .op("i32.ge_u")
              .when(() => code.i32(0).leave());
            count(alphanumerics).set(alphanumerics);
            code.get(iban).get(head).i32(3).isEqual().op("i32.or").set(iban);
            code.i32(3).i32(4).get(head).i32(2).isEqual().op("select").set(head);
          },
          () => {
            code
              .get(byte)
              .i32(0x20)
              .op("i32.or")
              .i32(0x61)
              .subtractI32()
              .i32(26)
              .isBelow()
              .when(
                () => {
                  code.i32(0).set(digits);
                  count(alphanumerics).set(alphanumerics);
                  code.get(head).i32(1).addI32().i32(4).get(head).i32(2).isBelow().op("select").set(head);
                },
                () => {
                  code.i32(0).set(head);
                  // An escape stands for one control, quote or backslash; its letter and digits are no content.
                  code
                    .get(byte)
                    .i32(BACKSLASH)
                    .isEqual()
                    .when(() => {
                      code.get(AT).i32(5).i32(1).get(AT).access("i32.load8_u", 1).i32(0x75).isEqual().op("select");
                      code.addI32().set(AT);
                    });
                },
              );
          },
        );
      count(AT).op("i32.eqz").op("i32.eqz").jumpIf(again);
    });
  });
  return code.get(iban).get(alphanumerics).i32(IBAN_LENGTH).op("i32.ge_u").op("i32.and").op("i32.eqz");
}

/**
 * `contentOrder(a, aEnd, b, bEnd)`: the order of two string contents by UTF-16 code units: -1, 0 or 1. UNKNOWN_ORDER where
 * an escape or a byte beyond ASCII comes before the first difference, because there the order of bytes is not that of code units.
 */
export function contentOrder(): WasmFunction {
  const [A, A_END, B, B_END] = [0, 1, 2, 3];
  const code = new WasmFunction({ parameters: 4, result: true });
  const [left, right] = [code.local("i32"), code.local("i32")];
  /** Leaves -1, 0 or 1. */
  const order = (put: () => void, other: () => void): void => {
    put();
    other();
    code.op("i32.gt_u");
    put();
    other();
    code.isBelow().subtractI32();
  };
  code.block((end) => {
    code.repeat((again) => {
      code.get(A).get(A_END).op("i32.ge_u").get(B).get(B_END).op("i32.ge_u").op("i32.or").jumpIf(end);
      code.get(A).access("i32.load8_u").set(left);
      code.get(B).access("i32.load8_u").set(right);
      code.get(left).get(right).op("i32.or").i32(0x80).op("i32.and");
      for (const side of [left, right]) code.get(side).i32(BACKSLASH).isEqual().op("i32.or");
      code.when(() => code.i32(UNKNOWN_ORDER).leave());
      code
        .get(left)
        .get(right)
        .op("i32.ne")
        .when(() => {
          order(
            () => code.get(left),
            () => code.get(right),
          );
          code.leave();
        });
      code.get(A).i32(1).addI32().set(A);
      code.get(B).i32(1).addI32().set(B).jump(again);
    });
  });
  // What is left of the longer one decides.
  order(
    () => code.get(A_END).get(A).subtractI32(),
    () => code.get(B_END).get(B).subtractI32(),
  );
  return code;
}

/** `sameBytes(a, b, length)`: 1 where they are. */
export function sameBytes(): WasmFunction {
  const [A, B, LENGTH] = [0, 1, 2];
  const code = new WasmFunction({ parameters: 3, result: true });
  code.block((end) => {
    code.repeat((again) => {
      code.get(LENGTH).op("i32.eqz").jumpIf(end);
      code
        .get(A)
        .access("i32.load8_u")
        .get(B)
        .access("i32.load8_u")
        .op("i32.ne")
        .when(() => code.i32(0).leave());
      for (const local of [A, B]) code.get(local).i32(1).addI32().set(local);
      code.get(LENGTH).i32(1).subtractI32().set(LENGTH).jump(again);
    });
  });
  return code.i32(1);
}

/** `isFresh(spans, last)`: 1 where element `last` differs from all before it; the addresses of element i are in words 2i and 2i + 1 of `spans`. */
export function isFresh(): WasmFunction {
  const [SPANS, LAST] = [0, 1];
  const code = new WasmFunction({ parameters: 2, result: true });
  const [own, from, length, other] = [code.local("i32"), code.local("i32"), code.local("i32"), code.local("i32")];
  code.get(SPANS).get(LAST).shiftLeftI32(3).addI32().tee(own).loadI32(0).set(from);
  code.get(own).loadI32(4).get(from).subtractI32().set(length);
  code.get(SPANS).set(other);
  code.block((end) => {
    code.repeat((again) => {
      code.get(other).get(own).isEqual().jumpIf(end);
      code
        .get(other)
        .loadI32(4)
        .get(other)
        .loadI32(0)
        .subtractI32()
        .get(length)
        .isEqual()
        .when(() => {
          callHelper(code.get(other).loadI32(0).get(from).get(length), "sameBytes").when(() => code.i32(0).leave());
        });
      code.get(other).i32(8).addI32().set(other).jump(again);
    });
  });
  return code.i32(1);
}
