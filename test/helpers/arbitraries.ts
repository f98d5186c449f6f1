import * as fc from "fast-check";
import type { JsonObject, JsonValue } from "../../tools/migration/model/json.ts";

const key = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.constantFrom(
    "__proto__",
    "constructor",
    "toJSON",
    "10",
    "9",
    "01",
    "",
    "é",
    "\u{1f602}",
    "\ufb33",
    "a",
    '"',
    "\\",
  ),
);

const scalar = fc.oneof(
  fc.constantFrom(null, true, false),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((v) => Math.abs(v) < 2 ** 53 || Math.abs(v) >= 1e21),
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom("\0", "\b", "\t", "\n", "\v", "\f", "\r", "\x1f", "\x7f", '"', "\\", "/", "\u2028", "a", "é"),
  }),
);

/** Any object that strict canonical JSON can carry. */
export const anyJsonObject: fc.Arbitrary<JsonObject> = fc.letrec<{ value: JsonValue; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 4 }),
    tie("object"),
  ),
  // Object.fromEntries makes `__proto__` an own key.
  object: fc.array(fc.tuple(key, tie("value")), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
})).object;

/** Any value that strict canonical JSON can carry. */
export const anyJson: fc.Arbitrary<JsonValue> = fc.oneof(
  scalar,
  anyJsonObject,
  fc.array(fc.oneof(scalar, anyJsonObject), { maxLength: 4 }),
);

/** A lower-case UUID; some are of few distinct values, all zeros among them. */
export const anyUuid: fc.Arbitrary<string> = fc
  .oneof(fc.stringMatching(/^[0-9a-f]{32}$/), fc.stringMatching(/^[01]{2}0{28}[01]{2}$/))
  .map((hex) => [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-"));
