import fc from "fast-check";
import t from "tap";
import { typeReader } from "../../tools/migration/mapping/canonical-types.ts";
import { FAILED } from "../../tools/migration/mapping/transforms.ts";
import type { CellForm } from "../../tools/migration/model/cell-form.ts";

type Row = readonly [type: string, value: unknown, expected: unknown, ...forms: readonly CellForm[]];

const ALL: readonly CellForm[] = ["json", "cells", "text"];

/** What a type makes of a value; in every form unless some are named. */
const TABLE: readonly Row[] = [
  ["string", "", ""],
  ["string", 7, "7", "cells"],
  ["string", 9007199254740993n, "9007199254740993", "cells"],
  ["string", 7, FAILED, "json", "text"],
  ["string", Buffer.from("x"), FAILED],
  ["string(3)", "🐝🐝🐝", "🐝🐝🐝"],
  ["string(3)", "abcd", FAILED],
  ["string(70000)", "x".repeat(70_000), "x".repeat(70_000)],
  ["integer", 7, 7],
  ["integer", "7", 7, "cells", "text"],
  ["integer", "7", FAILED, "json"],
  ["integer", "-9007199254740991", -9007199254740991, "cells", "text"],
  ["integer", "9007199254740992", FAILED],
  ["integer", 9007199254740993n, FAILED, "cells"],
  ["integer", 5n, 5, "cells"],
  ["integer", "007", FAILED],
  ["integer", "-0", FAILED],
  ["integer", " 7", FAILED],
  ["integer", "1e3", FAILED],
  ["integer", true, FAILED],
  ["bigint", 7, "7"],
  ["bigint", "9007199254740993", "9007199254740993"],
  ["bigint", 9007199254740993n, "9007199254740993"],
  ["bigint", -9223372036854775808n, "-9223372036854775808"],
  ["bigint", 9007199254740992, FAILED],
  ["bigint", "+7", FAILED],
  ["bigint", 1.5, FAILED],
  ["number", 0.1, 0.1],
  ["number", "0.1", 0.1, "cells", "text"],
  ["number", "0.10", 0.1, "cells", "text"],
  ["number", "0.1", FAILED, "json"],
  ["number", "1.50e-300", 1.5e-300, "cells", "text"],
  ["number", "-1E+5", -100000, "cells", "text"],
  ["number", "0.000", 0, "cells", "text"],
  ["number", "1e400", FAILED],
  ["number", "1e21", 1e21, "cells", "text"],
  ["number", "1e20", FAILED, "cells", "text"],
  ["number", "0.1000000000000000000001", FAILED],
  ["number", "9007199254740993", FAILED],
  ["number", NaN, FAILED],
  ["number", Infinity, FAILED],
  ["decimal", "12345678901234567890123456789012345678", "12345678901234567890123456789012345678"],
  ["decimal", "1.50", "1.50"],
  ["decimal", 0.1, "0.1", "cells"],
  ["decimal", 0.1, FAILED, "json"],
  ["decimal", 1e-7, FAILED],
  ["decimal", "NaN", FAILED],
  ["decimal(10,2)", "1.5", "1.50"],
  ["decimal(10,2)", "1", "1.00"],
  ["decimal(10,2)", "1.500", "1.50"],
  ["decimal(10,2)", "1.501", FAILED],
  ["decimal(10,2)", "-0.00", "0.00"],
  ["decimal(10,2)", "-0.01", "-0.01"],
  ["decimal(10,2)", "99999999.99", "99999999.99"],
  ["decimal(10,2)", "100000000", FAILED],
  ["decimal(10,2)", 1, "1.00", "cells"],
  ["decimal(10,2)", 0.99, "0.99", "cells"],
  ["decimal(10,2)", 5n, "5.00", "cells"],
  ["decimal(5)", "12", "12"],
  ["decimal(38,10)", "1234567890123456789012345678.0123456789", "1234567890123456789012345678.0123456789"],
  ["boolean", true, true],
  ["boolean", 1, true, "cells"],
  ["boolean", 0n, false, "cells"],
  ["boolean", "t", true, "cells", "text"],
  ["boolean", "FALSE", false, "cells", "text"],
  ["boolean", "t", FAILED, "json"],
  ["boolean", "yes", FAILED],
  ["boolean", "toString", FAILED],
  ["boolean", 2, FAILED],
  ["date", "0001-01-01", "0001-01-01"],
  ["date", "9999-12-31", "9999-12-31"],
  ["date", "0000-00-00", FAILED],
  ["date", "10000-01-01", FAILED],
  ["date", "2023-02-29", FAILED],
  ["date", "infinity", FAILED],
  ["date", 20240101, FAILED],
  ["time", "23:59:59.123456", "23:59:59.123456"],
  ["time", "23:59:59.100000", "23:59:59.1"],
  ["time", "23:59:59.000000", "23:59:59"],
  ["time", "09:30", "09:30"],
  ["time", "-838:59:59", FAILED],
  ["time", "24:00:00", FAILED],
  ["timestamp", "0001-01-01T00:00:00.000001", "0001-01-01T00:00:00.000001"],
  ["timestamp", "9999-12-31 23:59:59.999999", "9999-12-31T23:59:59.999999", "cells", "text"],
  ["timestamp", "2020-01-01 00:00:00", FAILED, "json"],
  ["timestamp", "2020-01-01T00:00:00.500000", "2020-01-01T00:00:00.5"],
  ["timestamp", "2020-01-01T00:00:00.000Z", "2020-01-01T00:00:00Z"],
  ["timestamp", "2020-01-01 00:00:00+02", "2020-01-01T00:00:00+02:00", "cells", "text"],
  ["timestamp", "0000-00-00 00:00:00", FAILED],
  ["timestamp", "2020-02-30T00:00:00", FAILED],
  ["timestamp", "infinity", FAILED],
  ["timestamp", "2020-01-01T00:00:00+25:00", FAILED],
  ["timestamptz", "2020-01-01T00:30:00+02:00", "2019-12-31T22:30:00Z"],
  ["timestamptz", "2020-01-01 00:30:00.123456-0530", "2020-01-01T06:00:00.123456Z", "cells", "text"],
  ["timestamptz", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"],
  ["timestamptz", "0099-12-31T23:59:59+00:00", "0099-12-31T23:59:59Z"],
  ["timestamptz", "9999-12-31T23:59:59-01:00", FAILED],
  ["timestamptz", "2020-01-01T00:00:00", FAILED],
  ["uuid", "ABCDEF00-0000-4000-8000-000000000001", "abcdef00-0000-4000-8000-000000000001", "cells", "text"],
  ["uuid", "ABCDEF00-0000-4000-8000-000000000001", FAILED, "json"],
  ["uuid", Buffer.from("abcdef00000040008000000000000001", "hex"), "abcdef00-0000-4000-8000-000000000001", "cells"],
  ["uuid", Buffer.alloc(15), FAILED],
  ["bytes", Buffer.from([0, 255, 16]), "AP8Q"],
  ["bytes", Buffer.from([9, 0, 255, 16]).subarray(1), "AP8Q"],
  ["bytes", Buffer.alloc(0), ""],
  ["bytes", "AP8Q", "AP8Q", "json", "text"],
  ["bytes", "abcd", FAILED, "cells"],
  ["bytes", "AP8", FAILED],
  ["json", '{"b": [1, null], "a": "x"}', { b: [1, null], a: "x" }, "cells", "text"],
  ["json", "null", null, "cells", "text"],
  ["json", '{"a":1,"a":2}', FAILED, "cells", "text"],
  ["json", "[9007199254740993]", FAILED, "cells", "text"],
  ["json", "x", "x", "json"],
  ["integer[]", [1, null, -3], [1, null, -3]],
  ["integer[]", "[1,2]", [1, 2], "cells", "text"],
  ["integer[]", "[1,2]", FAILED, "json"],
  ["integer[]", [1, "x"], FAILED],
  ["integer[]", 1, FAILED],
  ["bigint[]", [9007199254740993n, 1], ["9007199254740993", "1"], "cells"],
  ["date[][]", [["2020-01-01"], []], [["2020-01-01"], []]],
];

t.test("a type has one form for a value, wherever it comes from", async (t) => {
  for (const [type, value, expected, ...forms] of TABLE) {
    for (const form of forms.length > 0 ? forms : ALL) {
      const text = JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? `${one}n` : one));
      t.strictSame(typeReader(type, form)(value), expected, `${type} of ${text?.slice(0, 60)} in ${form}`);
    }
  }
});

t.test("a form is its own form, and decimals keep their value", async () => {
  const digits = fc.stringMatching(/^-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,8})?$/);
  await fc.assert(
    fc.property(digits, fc.integer({ min: 0, max: 8 }), (text, scale) => {
      const read = typeReader(`decimal(38,${scale})`, "text");
      const once = read(text);
      if (once === FAILED) return /\.\d*[1-9]/.test(text.slice(0, 99)) && (text.split(".")[1]?.length ?? 0) > scale;
      const scaled = (given: string): bigint => {
        const [whole = "", fraction = ""] = given.replace("-", "").split(".");
        const value = BigInt(whole + fraction.padEnd(8, "0"));
        return given.startsWith("-") ? -value : value;
      };
      return read(once) === once && scaled(String(once)) === scaled(text);
    }),
  );
});

t.test("a timestamp in UTC is the same moment", async () => {
  const at = fc.date({
    min: new Date("0001-01-03T00:00:00Z"),
    max: new Date("9999-12-29T00:00:00Z"),
    noInvalidDate: true,
  });
  await fc.assert(
    fc.property(at, fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 }), (moment, minutes) => {
      const local = new Date(moment.getTime() + minutes * 60_000).toISOString().slice(0, 19);
      const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
      const offset = `${minutes < 0 ? "-" : "+"}${`${hours}`.padStart(2, "0")}:${`${rest}`.padStart(2, "0")}`;
      return typeReader("timestamptz", "json")(local + offset) === `${moment.toISOString().slice(0, 19)}Z`;
    }),
  );
});
