import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import t from "tap";
import { UUID } from "../../tools/migration/model/module.ts";
import { deriveUuid } from "../../tools/migration/registry/derive-uuid.ts";
import { registryFileText } from "../../tools/migration/registry/generate.ts";
import { entry, generateEntries, loadEntries, loadText, proposeEntries, thrown } from "../helpers/registry.ts";

/** RFC 9562 version 8 from the hex that `sha256sum` prints. */
function independentUuid(input: string): string {
  const hex = execFileSync("sha256sum", { input, encoding: "utf8" });
  const bytes = Buffer.from(hex.slice(0, 32), "hex");
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

t.test("a derived UUID is that of an independent SHA-256", async (t) => {
  for (const [module, legacyId] of [
    ["kunden", "K-1"],
    ["hunde", "1"],
    ["hunde", "ä😀"],
    ["a_b", '["x",1]'],
    ["a", ":"],
  ] as const) {
    t.equal(deriveUuid(module, legacyId), independentUuid(`${module}:${legacyId}`));
  }
});

t.test("a derived UUID has version 8 and the variant of RFC 9562", async () => {
  await fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1 }), (legacyId) => {
      const derived = deriveUuid("kunden", legacyId);
      assert.match(derived, UUID);
      assert.match(derived, /^.{14}8.{4}[89ab]/);
      assert.notEqual(derived, deriveUuid("hunde", legacyId));
    }),
  );
});

t.test("a legacy id that is empty or not well-formed gets no UUID", async (t) => {
  for (const legacyId of ["", "\ud800"]) t.equal(thrown(() => deriveUuid("kunden", legacyId)).code, "VALUE_INVALID");
  t.equal(thrown(() => generateEntries("kunden", ["a", "\udc00"], undefined)).code, "VALUE_INVALID");
});

t.test("generate keeps existing entries as they are, collapses equal ids and sorts by bytes", async (t) => {
  const existing = loadEntries(t.testdir(), "kunden", [entry("b", 7, 3), entry("x", 8)]);
  t.strictSame(generateEntries("kunden", ["😀", "\uffee", "b", "a", "a"], existing), [
    { legacyId: "a", targetUuid: deriveUuid("kunden", "a"), version: 1 },
    entry("b", 7, 3),
    entry("x", 8),
    { legacyId: "\uffee", targetUuid: deriveUuid("kunden", "\uffee"), version: 1 },
    { legacyId: "😀", targetUuid: deriveUuid("kunden", "😀"), version: 1 },
  ]);
  t.strictSame(generateEntries("kunden", [], undefined), []);
  t.strictSame(generateEntries("kunden", [], existing), [entry("b", 7, 3), entry("x", 8)]);
});

t.test("propose gives the missing entries alone", async (t) => {
  const existing = loadEntries(t.testdir(), "kunden", [entry("b", 7)]);
  t.strictSame(
    proposeEntries("kunden", ["c", "b", "a", "c"], existing).map(({ legacyId }) => legacyId),
    ["a", "c"],
  );
});

t.test("a derived UUID that another legacy id holds is refused", async (t) => {
  const renamed = { legacyId: "renamed", targetUuid: deriveUuid("kunden", "K-1"), version: 1 };
  const existing = loadEntries(t.testdir(), "kunden", [renamed]);
  for (const make of [proposeEntries, generateEntries]) {
    const error = thrown(() => make("kunden", ["K-1"], existing));
    t.match(error, { code: "REGISTRY_INVALID", message: new RegExp(renamed.targetUuid), remedy: /version control/ });
    t.notMatch(error.message, /renamed|K-1/);
  }
});

t.test("the committed form has one entry per line", async (t) => {
  const entries = [entry("a", 1), entry("b", 2)];
  const [a, b] = entries.map(
    ({ legacyId, targetUuid }) => `{"legacyId":"${legacyId}","targetUuid":"${targetUuid}","version":1}`,
  );
  t.equal([...registryFileText(entries)].join(""), `[\n${a},\n${b}\n]\n`);
  t.equal([...registryFileText(entries, "jsonl")].join(""), `${a}\n${b}\n`);
  t.equal([...registryFileText([])].join(""), "[]\n");
  t.equal([...registryFileText([], "jsonl")].join(""), "");
  t.strictSame(loadText(t.testdir(), "kunden", "[]\n").findings, []);
});
