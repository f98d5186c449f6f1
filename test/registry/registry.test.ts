import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import t from "tap";
import { canonicalize } from "../../tools/migration/integrity/canonical.ts";
import { entryLine, parseEntry } from "../../tools/migration/registry/entry.ts";
import { registryFileText } from "../../tools/migration/registry/generate.ts";
import { legacyIdOf, printableLegacyId } from "../../tools/migration/registry/legacy-id.ts";
import { entry, generateEntries, loadEntries, loadText, uuid } from "../helpers/registry.ts";

/** Few different texts, so that ids collide, share prefixes and leave ASCII. */
const legacyId = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 6 }),
  fc.string({ unit: fc.constantFrom("a", "b", "ä", "😀", "\uffee", "\ufffd"), minLength: 1, maxLength: 4 }),
);

t.test("lookup, uuidAt, legacyIdAt and indexOfUuid agree with a Map", async (t) => {
  const dir = t.testdir();
  const someEntries = fc.uniqueArray(fc.tuple(legacyId, fc.uuid()), {
    selector: ([id]) => id,
    comparator: "SameValue",
    maxLength: 60,
  });
  await fc.assert(
    fc.property(someEntries, fc.array(legacyId), fc.uuid(), (pairs, others, otherUuid) => {
      const map = new Map(pairs);
      const text = JSON.stringify(
        pairs.map(([id, targetUuid], index) => ({ legacyId: id, targetUuid, version: index + 1 })),
      );
      const { registry } = loadText(dir, "kunden", text);
      assert.equal(registry.size, map.size);
      for (const id of [...map.keys(), ...others, "\ud800", ""]) {
        const index = registry.lookup(id);
        assert.equal(index < 0 ? undefined : registry.uuidAt(index), map.get(id));
        if (index >= 0) assert.equal(registry.legacyIdAt(index), id);
      }
      for (const targetUuid of map.values())
        assert.equal(registry.uuidAt(registry.indexOfUuid(targetUuid)), targetUuid);
      if (![...map.values()].includes(otherUuid)) assert.equal(registry.indexOfUuid(otherUuid), -1);
    }),
  );
});

t.test("a lone surrogate does not find the id that its replacement character spells", async (t) => {
  const registry = loadEntries(t.testdir(), "kunden", [entry("a\ufffd", 10)]);
  t.equal(registry.lookup("a\ufffd"), 0);
  t.equal(registry.lookup("a\ud800"), -1);
  t.equal(registry.indexOfUuid(uuid(10).toUpperCase()), -1);
  t.equal(registry.indexOfUuid("no uuid"), -1);
  t.equal(loadEntries(t.testdir(), "kunden", []).lookup("a"), -1);
});

t.test("what is written is read back, with any block size", async (t) => {
  const dir = t.testdir();
  await fc.assert(
    fc.property(fc.array(legacyId, { maxLength: 30 }), fc.integer({ min: 1, max: 90 }), (ids, size) => {
      const entries = generateEntries("kunden", ids, undefined);
      const { registry, findings } = loadText(dir, "kunden", [...registryFileText(entries)].join(""), size);
      assert.deepEqual(findings, []);
      assert.deepEqual([...registry.entries()], entries);
    }),
  );
});

t.test("an entry line is the canonical JSON of the entry", async () => {
  await fc.assert(
    fc.property(
      legacyId,
      fc.uuid(),
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      (id, targetUuid, version) => {
        const value = { version, targetUuid, legacyId: id };
        assert.equal(entryLine(value), canonicalize(value));
        assert.deepEqual(parseEntry(JSON.parse(entryLine(value))), { entry: value });
      },
    ),
  );
});

t.test("a legacy key becomes text in one way only", async (t) => {
  const cases: readonly [readonly unknown[], object][] = [
    [["a b"], { legacyId: "a b" }],
    [[42], { legacyId: "42" }],
    [[-42], { legacyId: "-42" }],
    [[2n ** 80n], { legacyId: "1208925819614629174706176" }],
    [["a", 7], { legacyId: '["a",7]' }],
    [["7", 7n], { legacyId: '["7",7]' }],
    [["a", 2n ** 53n], { legacyId: '["a","9007199254740992"]' }],
    [[null], { problem: "missing" }],
    [["a", undefined], { problem: "missing" }],
    [[{}, null], { problem: "missing" }],
    [[], { problem: "missing" }],
    [[""], { problem: "type" }],
    [["a", ""], { problem: "type" }],
    [["\ud800"], { problem: "type" }],
    [[1.5], { problem: "type" }],
    [[-0], { problem: "type" }],
    [[2 ** 53], { problem: "type" }],
    [[Number.NaN], { problem: "type" }],
    [[true], { problem: "type" }],
    [[["a"]], { problem: "type" }],
    [[new Date(0)], { problem: "type" }],
  ];
  for (const [values, expected] of cases) t.strictSame(legacyIdOf(values), expected);
});

t.test("a legacy id is shown unless it may be personal", async (t) => {
  for (const shown of ["K-10023", "507f1f77bcf86cd7", "12345678", "2024-01-02", '["a",12345,67890]', "x".repeat(200)]) {
    t.equal(printableLegacyId(shown), shown);
  }
  for (const hidden of [
    "a@b",
    "0171 234567 8",
    "+49-171/2345678",
    "123456789",
    "DE89 3704 0044 0532 0130 00",
    "١٢٣٤٥٦٧٨٩",
    "x".repeat(201),
  ]) {
    t.equal(printableLegacyId(hidden), undefined);
  }
});

t.test("a registry of 200 000 entries is sorted as `sort -c` wants and stays small", async (t) => {
  const ids = Array.from({ length: 200_000 }, (_, number) => `kunde-${(number * 7919) % 200_000}`);
  const before = process.memoryUsage();
  const registry = loadEntries(t.testdir(), "kunden", generateEntries("kunden", ids, undefined));
  t.equal(registry.size, 200_000);
  t.ok(ids.every((id) => registry.legacyIdAt(registry.lookup(id)) === id));
  const columns = process.memoryUsage().arrayBuffers - before.arrayBuffers;
  t.comment(`about ${Math.round(columns / registry.size)} bytes of buffers per entry, garbage included`);
  const input = Array.from({ length: registry.size }, (_, index) => `${registry.legacyIdAt(index)}\n`).join("");
  execFileSync("sort", ["-c", "-u"], { input, env: { LC_ALL: "C" } });
});
