import { inRanges } from "../../integrity/lanes/scan-lanes.ts";
import { WasmFunction } from "../../integrity/wasm/wasm-function.ts";

const [DOT, PLUS, DASH, Z, FEBRUARY] = [0x2e, 0x2b, 0x2d, 0x5a, 2];
const DIGIT = [{ low: 0x30, high: 0x39 }];

/** What stands at each place of a text: a digit where `form` has a 9, else the character itself. */
function rangesOf(form: string): readonly (readonly { readonly low: number; readonly high: number }[])[] {
  return [...form].map((one) => (one === "9" ? DIGIT : [{ low: one.charCodeAt(0), high: one.charCodeAt(0) }]));
}

/** The number of the two digits at the address in `at` plus `offset`. */
function pair(code: WasmFunction, at: number, offset: number): WasmFunction {
  code.get(at).access("i32.load8_u", offset).i32(10).op("i32.mul");
  return code
    .get(at)
    .access("i32.load8_u", offset + 1)
    .addI32()
    .i32(11 * 0x30)
    .subtractI32();
}

/** `date(at)`: 1 where the ten bytes at `at` are a day of the calendar, as the format `date` has it. */
export function date(): WasmFunction {
  const AT = 0;
  const code = new WasmFunction({ parameters: 1, result: true });
  const [month, day, year] = [code.local("i32"), code.local("i32"), code.local("i32")];
  inRanges(code, AT, 0, rangesOf("9999-99-99"))
    .op("i32.eqz")
    .when(() => code.i32(0).leave());
  pair(code, AT, 5).set(month);
  pair(code, AT, 8).set(day);
  code
    .get(month)
    .i32(1)
    .subtractI32()
    .i32(12)
    .op("i32.ge_u")
    .when(() => code.i32(0).leave());
  // Months of 31 days have odd numbers up to July, and even ones from August on.
  code.get(day).i32(1).subtractI32();
  code.i32(29).get(month).get(month).i32(3).op("i32.shr_u").op("i32.xor").i32(1).op("i32.and").i32(30).addI32();
  code.get(month).i32(FEBRUARY).isEqual().op("select");
  code.op("i32.ge_u").when(() => code.i32(0).leave());
  code
    .get(month)
    .i32(FEBRUARY)
    .isEqual()
    .get(day)
    .i32(29)
    .isEqual()
    .op("i32.and")
    .when(() => {
      pair(code, AT, 2).set(year);
      code
        .get(year)
        .op("i32.eqz")
        .when(() => pair(code, AT, 0).set(year));
      code.get(year).i32(3).op("i32.and").op("i32.eqz").leave();
    });
  return code.i32(1);
}

/**
 * `time(at)`: where the time at `at` ends (RFC 3339: hh:mm:ss, a fraction if any, Z or an offset); 0 where it is anything
 * else. Leap seconds and the looser spellings of the format `time` are left to the authority.
 */
export function time(): WasmFunction {
  const AT = 0;
  const code = new WasmFunction({ parameters: 1, result: true });
  const [first, zone] = [code.local("i32"), code.local("i32")];
  const refuseAbove = (offset: number, most: number): void => {
    pair(code, AT, offset)
      .i32(most)
      .op("i32.gt_u")
      .when(() => code.i32(0).leave());
  };
  inRanges(code, AT, 0, rangesOf("99:99:99"))
    .op("i32.eqz")
    .when(() => code.i32(0).leave());
  refuseAbove(0, 23);
  refuseAbove(3, 59);
  refuseAbove(6, 59);
  code
    .get(AT)
    .i32(8)
    .addI32()
    .tee(AT)
    .access("i32.load8_u")
    .i32(DOT)
    .isEqual()
    .when(() => {
      code.get(AT).i32(1).addI32().tee(AT).set(first);
      code.block((end) => {
        code.repeat((again) => {
          code.get(AT).access("i32.load8_u").i32(0x30).subtractI32().i32(10).op("i32.ge_u").jumpIf(end);
          code.get(AT).i32(1).addI32().set(AT).jump(again);
        });
      });
      // With more digits 59.999… is rounded to 60, which the format takes for a leap second.
      code
        .get(AT)
        .get(first)
        .subtractI32()
        .i32(1)
        .subtractI32()
        .i32(9)
        .op("i32.ge_u")
        .when(() => code.i32(0).leave());
    });
  code.get(AT).access("i32.load8_u").tee(zone).i32(Z).isEqual();
  code.when(() => code.get(AT).i32(1).addI32().leave());
  code
    .get(zone)
    .i32(PLUS)
    .op("i32.ne")
    .get(zone)
    .i32(DASH)
    .op("i32.ne")
    .op("i32.and")
    .when(() => code.i32(0).leave());
  inRanges(code, AT, 1, rangesOf("99:99"))
    .op("i32.eqz")
    .when(() => code.i32(0).leave());
  refuseAbove(1, 23);
  refuseAbove(4, 59);
  return code.get(AT).i32(6).addI32();
}
