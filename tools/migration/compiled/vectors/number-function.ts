import { WasmFunction } from "../../integrity/wasm/wasm-function.ts";

/** Digits of a whole number that a double surely keeps, and characters of a fraction with its point. */
const [MOST_DIGITS, MOST_FRACTION] = [15, 16];
const [MINUS, DOT, ZERO, EXPONENT] = [0x2d, 0x2e, 0x30, 0x65];

/** Where `number` puts the number, and where it finds the powers of ten from 0 to 15, as doubles. */
export interface NumberPlaces {
  readonly value: number;
  readonly tens: number;
}

/** Powers of ten that `number` needs. */
export const TENS: Float64Array<ArrayBuffer> = Float64Array.from({ length: 16 }, (_, power) => Number(`1e${power}`));

/**
 * `number(at)`: where the canonical number (RFC 8785, section 3.2.2.3) at `at` ends, its value put to `value`; 0 where there
 * is none, and where more than 15 digits or an exponent make it one for the authority.
 *
 * Up to 15 digits are kept by a double, so the shortest spelling of the number is the text itself unless it ends in 0 or is
 * below 1e-6, where an exponent is written. The division is exact to the last bit: both sides are below 2^53.
 */
export function number({ value, tens }: NumberPlaces): WasmFunction {
  const AT = 0;
  const code = new WasmFunction({ parameters: 1, result: true });
  const [negative, first, byte, dot] = [code.local("i32"), code.local("i32"), code.local("i32"), code.local("i32")];
  const [digits, size] = [code.local("i64"), code.local("f64")];
  const refuse = (): void => {
    code.when(() => code.i32(0).leave());
  };
  const isByte = (one: number): WasmFunction => code.get(byte).i32(one).isEqual();
  /** Takes digits from `AT` on; `byte` is the one behind them. */
  const takeDigits = (): void => {
    code.block((end) => {
      code.repeat((again) => {
        code.get(AT).access("i32.load8_u").tee(byte).i32(ZERO).subtractI32().i32(10).op("i32.ge_u").jumpIf(end);
        code.get(digits).i64(10n).op("i64.mul").get(byte).i32(ZERO).subtractI32().op("i64.extend_i32_u");
        code.op("i64.add").set(digits);
        code.get(AT).i32(1).addI32().set(AT).jump(again);
      });
    });
  };
  const putValue = (): void => {
    code.i32(0).get(size).op("f64.neg").get(size).get(negative).op("select").access("f64.store", value);
  };
  code.get(AT).access("i32.load8_u").i32(MINUS).isEqual().tee(negative).get(AT).addI32().tee(AT).set(first);
  takeDigits();
  code.get(AT).get(first).subtractI32().tee(dot).i32(1).subtractI32().i32(MOST_DIGITS).op("i32.ge_u");
  refuse();
  code.get(dot).i32(1).op("i32.gt_u").get(first).access("i32.load8_u").i32(ZERO).isEqual().op("i32.and");
  refuse();
  isByte(EXPONENT);
  refuse();
  isByte(DOT).when(
    () => {
      code.get(AT).set(dot);
      code.get(AT).i32(1).addI32().set(AT);
      takeDigits();
      // A digit at least, no 0 as the last one, and not too many.
      code.get(AT).get(dot).subtractI32().i32(1).isEqual();
      code.get(AT).i32(1).subtractI32().access("i32.load8_u").i32(ZERO).isEqual().op("i32.or");
      code.get(AT).get(first).subtractI32().i32(MOST_FRACTION).op("i32.gt_u").op("i32.or");
      isByte(EXPONENT).op("i32.or");
      refuse();
      code.get(digits).op("f64.convert_i64_u");
      code.get(AT).get(dot).subtractI32().i32(1).subtractI32().shiftLeftI32(3).access("f64.load", tens);
      code.op("f64.div").tee(size).f64(1e-6).op("f64.lt");
      refuse();
      putValue();
    },
    () => {
      code.get(negative).get(digits).op("i64.eqz").op("i32.and");
      refuse();
      code.get(digits).op("f64.convert_i64_u").set(size);
      putValue();
    },
  );
  return code.get(AT);
}
