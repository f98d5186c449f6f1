import t from "tap";
import { compileInvariantCheck } from "../../tools/migration/checks/invariant-check.ts";
import { piiDetectors } from "../../tools/migration/checks/pii-detectors.ts";
import type { InvariantRule } from "../../tools/migration/model/field-words.ts";
import type { Finding } from "../../tools/migration/model/finding.ts";
import type { JsonObject, JsonValue } from "../../tools/migration/model/json.ts";

const POSITIVE: Readonly<Record<string, readonly string[]>> = {
  mail: [
    "ada@example.com",
    "Write to ada@example.com.",
    "<ada.lovelace+dogs@sub.example.co.uk>",
    "mail:ada@example.com,now",
    "jörg@example.de",
    "ADA@EXAMPLE.COM",
  ],
  phone: [
    "+49 30 901820",
    "030 901820",
    "030/901820",
    "(030) 901820",
    "0151 23456789",
    "0049 30 901820",
    "Tel. 0171-1234567 abends",
    "+44 20 7946 0111",
    "ruf +1 202-456-1111 an",
    "+4915123456789",
  ],
  iban: [
    "DE89370400440532013000",
    "DE89 3704 0044 0532 0130 00",
    "Konto DE89 3704 0044 0532 0130 00 bitte",
    "GB82 WEST 1234 5698 7654 32",
    "NO9386011117947",
    "de89370400440532013000",
  ],
  card: ["4111111111111111", "4111 1111 1111 1111", "Karte 5500-0000-0000-0004!", "378282246310005"],
};

const NEGATIVE: readonly string[] = [
  "",
  "K-0001",
  "C-0044",
  "R-2024-0001234",
  "2024/2025",
  "2024-01-31",
  "31.01.2024",
  "12:30",
  "2025-06-10T16:53:00Z",
  "2025-06-10T16:53:00.123+02:00",
  "2a74b2f7-7f46-8778-8340-7b08f76c882b",
  "00000000-0000-8000-8000-000000000001",
  "Labrador Retriever",
  "Platz 2 (Süd)",
  "1234567",
  "user@localhost",
  "@handle",
  "a @ b",
  "Gruppe 3 um 18:00 Uhr",
  "Preis 1.234.567,89 EUR",
  "DE00370400440532013000",
  "DE89",
  "4111111111111112",
  "v1.2.3-rc.4",
  "#4711",
  "100 200 300",
  "3f2a9c",
  "AB12CD34EF56",
];

t.test("detectors find personal values in text", async (t) => {
  const detectors = piiDetectors(["DE"]);
  for (const detector of detectors) {
    for (const text of POSITIVE[detector.name] ?? []) t.ok(detector.found(text), `${detector.name} in ${text}`);
  }
  t.strictSame(detectors.map(({ name }) => name).sort(), Object.keys(POSITIVE).sort());
});

t.test("detectors leave ids, codes, dates and prose alone, and asking twice gives the same answer", async (t) => {
  for (const detector of [...piiDetectors(["DE"]), ...piiDetectors(["DE"])]) {
    for (const text of NEGATIVE) t.notOk(detector.found(text), `no ${detector.name} in ${text}`);
  }
});

t.test("national numbers count only for the regions that are named", async (t) => {
  const phone = (regions: readonly string[]) => piiDetectors(regions).find(({ name }) => name === "phone");
  t.notOk(phone([])?.found("030 901820"));
  t.ok(phone([])?.found("+49 30 901820"), "international ones always do");
  t.ok(phone(["GB"])?.found("020 7946 0111"));
  t.notOk(phone(["XX"])?.found("030 901820"), "a region that there is not is passed over");
});

type Case = readonly [InvariantRule, readonly (JsonValue | undefined)[], boolean, JsonValue?];

const RULES: readonly Case[] = [
  ["less", [1, 2], true],
  ["less", [2, 2], false],
  ["less", ["09:00", "10:00"], true],
  ["less", ["10:00", "09:00"], false],
  ["less", [undefined, 2], true],
  ["less", [1, null], true],
  ["less", [1, "2"], false],
  ["less", [10, 9], false],
  ["less", ["10", "9"], true],
  ["lessOrEqual", [2, 2], true],
  ["lessOrEqual", [3, 2], false],
  ["lessOrEqual", ["2024-01-01", "2024-01-01"], true],
  ["equal", [1, 1], true],
  ["equal", [1, 2], false],
  ["equal", [1, "1"], false],
  ["equal", [1, undefined], true],
  ["notEqual", ["a", "a"], false],
  ["notEqual", ["a", "b"], true],
  ["notEqual", ["a", null], true],
  ["minimum", [0], true, 0],
  ["minimum", [-0.01], false, 0],
  ["minimum", [undefined], true, 0],
  ["minimum", ["5"], false, 0],
  ["maximum", [50], true, 50],
  ["maximum", [50.5], false, 50],
  ["atLeastOneOf", [undefined, null], false],
  ["atLeastOneOf", [undefined, 0], true],
  ["atLeastOneOf", ["a", "b"], true],
  ["exactlyOneOf", [undefined, 0], true],
  ["exactlyOneOf", [1, 2], false],
  ["exactlyOneOf", [undefined, undefined], false],
  ["atMostOneOf", [undefined, undefined], true],
  ["atMostOneOf", [1, undefined], true],
  ["atMostOneOf", [1, 2], false],
  ["requires", [1, 2, 3], true],
  ["requires", [1, undefined, 3], false],
  ["requires", [undefined, undefined, 3], true],
  ["requires", [false, null, 1], false],
];

t.test("an invariant holds or is reported with its name, message and severity", async (t) => {
  for (const [rule, values, holds, value] of RULES) {
    const fields = values.map((_, index) => `f${index}`);
    const given = values.flatMap((one, index) => (one === undefined ? [] : [[`f${index}`, one] as const]));
    const entity: JsonObject = Object.fromEntries(given);
    const found: Finding[] = [];
    const check = compileInvariantCheck([
      { name: "n", rule, fields, value, message: "must hold", severity: "WARNING" },
    ]);
    check(entity, { module: "m", id: "i" }, (one) => found.push(one));
    const name = `${rule} of ${JSON.stringify(values)}`;
    t.equal(found.length, holds ? 0 : 1, name);
    if (!holds) {
      t.match(found[0], {
        code: "INVARIANT_VIOLATED",
        severity: "WARNING",
        module: "m",
        id: "i",
        rule: "n",
        field: fields.join(", "),
        expected: "must hold",
      });
    }
  }
});
