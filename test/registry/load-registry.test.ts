import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import type { Finding } from "../../tools/migration/model/finding.ts";
import type { RegistryEntry } from "../../tools/migration/registry/entry.ts";
import { loadRegistry } from "../../tools/migration/registry/load-registry.ts";
import { findSharedUuids } from "../../tools/migration/registry/shared-uuids.ts";
import { entry, loadEntries, loadText, uuid } from "../helpers/registry.ts";

function findingsOf(t: Test, text: string): readonly Finding[] {
  const { findings, registry } = loadText(t.testdir(), "kunden", text);
  t.equal(registry.faults, findings.length, "the registry knows how many faults it has");
  return findings;
}

function text(...entries: readonly (RegistryEntry | object)[]): string {
  return `[\n${entries.map((value) => JSON.stringify(value)).join(",\n")}\n]\n`;
}

t.test("a sound registry has no findings, and its digest is that of its lines", async (t) => {
  const entries = [entry("B", 3), entry("a", 1), entry("ä", 2, 7)];
  const path = join(t.testdir(), "kunden.json");
  writeFileSync(path, text(...entries));
  const findings: Finding[] = [];
  const registry = loadRegistry({ module: "kunden", path, file: "kunden.json" }, (found) => findings.push(found));
  const lines = `{"legacyId":"B","targetUuid":"${uuid(3)}","version":1}\n{"legacyId":"a","targetUuid":"${uuid(1)}","version":1}\n{"legacyId":"ä","targetUuid":"${uuid(2)}","version":7}\n`;
  t.strictSame(findings, []);
  t.equal(registry.size, 3);
  t.equal(registry.sha256, createHash("sha256").update(lines).digest("hex"));
});

const MALFORMED: readonly [string, unknown, object][] = [
  ["a string", "a", { expected: "an object with legacyId, targetUuid and version", got: "a string of 1 code units" }],
  ["an array", [], { got: "an array" }],
  ["no legacyId", { targetUuid: uuid(1), version: 1 }, { field: "legacyId", got: "nothing" }],
  [
    "an empty legacyId",
    { legacyId: "", targetUuid: uuid(1), version: 1 },
    { field: "legacyId", got: "an empty string" },
  ],
  ["a number as legacyId", { legacyId: 7, targetUuid: uuid(1), version: 1 }, { field: "legacyId", got: "a number" }],
  ["no targetUuid", { legacyId: "a", version: 1 }, { field: "targetUuid", got: "nothing", legacyId: "a" }],
  ["null as targetUuid", { legacyId: "a", targetUuid: null, version: 1 }, { field: "targetUuid", got: "null" }],
  ["no version", { legacyId: "a", targetUuid: uuid(1) }, { field: "version", got: "nothing" }],
  [
    "version 0",
    { legacyId: "a", targetUuid: uuid(1), version: 0 },
    { field: "version", expected: "an integer from 1" },
  ],
  ["a broken version", { legacyId: "a", targetUuid: uuid(1), version: 1.5 }, { field: "version", got: "a number" }],
  ["an unknown key", { ...entry("a", 1), extra: 1 }, { field: "extra", got: "an unknown key" }],
];

for (const [name, value, place] of MALFORMED) {
  t.test(`${name} is a malformed entry`, async (t) => {
    const findings = findingsOf(t, text(entry("A", 9), value as object, entry("z", 8)));
    t.equal(findings.length, 1);
    t.match(findings[0], {
      code: "REGISTRY_ENTRY_MALFORMED",
      module: "kunden",
      file: "migration/mapping/kunden.json",
      record: 2,
      line: 3,
      ...place,
    });
  });
}

t.test("a key given twice is a malformed entry, and __proto__ an unknown key", async (t) => {
  const [found, ...rest] = findingsOf(t, `[{"legacyId":"a","legacyId":"b","targetUuid":"${uuid(1)}","version":1}]`);
  t.match(found, { code: "REGISTRY_ENTRY_MALFORMED", record: 1, line: 1, offset: 1, got: /every key once/ });
  t.strictSame(rest, []);
  const [proto] = findingsOf(t, `[{"legacyId":"a","targetUuid":"${uuid(1)}","version":1,"__proto__":{}}]`);
  t.match(proto, { code: "REGISTRY_ENTRY_MALFORMED", field: "__proto__" });
});

t.test("all problems of one entry are named at once", async (t) => {
  const findings = findingsOf(t, text({ legacyId: 1, targetUuid: "x", "maria@example.com": 1 }));
  t.strictSame(
    findings.map(({ code, field }) => [code, field]),
    [
      ["REGISTRY_ENTRY_MALFORMED", "legacyId"],
      ["REGISTRY_UUID_MALFORMED", "targetUuid"],
      ["REGISTRY_ENTRY_MALFORMED", "version"],
      ["REGISTRY_ENTRY_MALFORMED", undefined],
    ],
  );
  t.notMatch(JSON.stringify(findings), "maria");
});

for (const wrong of [uuid(10).toUpperCase(), uuid(1).slice(1), uuid(1).replaceAll("-", ""), `{${uuid(1)}}`, ""]) {
  t.test(`${JSON.stringify(wrong)} is a malformed UUID`, async (t) => {
    const findings = findingsOf(t, text(entry("A", 9), { ...entry("a", 1), targetUuid: wrong }));
    t.equal(findings.length, 1);
    t.match(findings[0], { code: "REGISTRY_UUID_MALFORMED", legacyId: "a", record: 2, line: 3, field: "targetUuid" });
  });
}

t.test("a UUID given to two entries is named with both", async (t) => {
  const findings = findingsOf(t, text(entry("a", 1), entry("b", 2), entry("c", 1)));
  t.equal(findings.length, 1);
  t.match(findings[0], {
    code: "REGISTRY_UUID_DUPLICATE",
    legacyId: "c",
    id: uuid(1),
    record: 3,
    line: 4,
    expected: "a targetUuid that no other entry has",
    got: /^the targetUuid of .*entry 1 \(line 2\).* again$/,
  });
});

t.test("a legacyId given twice is found next to the first", async (t) => {
  const { findings, registry } = loadText(t.testdir(), "kunden", text(entry("a", 1), entry("a", 2), entry("b", 3)));
  t.equal(findings.length, 1);
  t.match(findings[0], {
    code: "REGISTRY_LEGACY_ID_DUPLICATE",
    legacyId: "a",
    id: uuid(2),
    record: 2,
    line: 3,
    got: /entry 1 \(line 2\)/,
  });
  t.equal(registry.uuidAt(registry.lookup("a")), uuid(1), "the first is kept");
});

t.test("a legacyId given twice is found far from the first in an unsorted file", async (t) => {
  const findings = findingsOf(t, text(entry("c", 1), entry("b", 2), entry("a", 3), entry("c", 4), entry("c", 5)));
  t.strictSame(
    findings.map(({ code, record }) => [code, record]),
    [
      ["REGISTRY_UNSORTED", 2],
      ["REGISTRY_LEGACY_ID_DUPLICATE", 4],
      ["REGISTRY_LEGACY_ID_DUPLICATE", 5],
    ],
  );
});

t.test("only the first entry out of order is named, with how many there are", async (t) => {
  const { findings, registry } = loadText(
    t.testdir(),
    "kunden",
    text(entry("b", 1), entry("d", 2), entry("c", 3), entry("a", 4)),
  );
  t.equal(findings.length, 1);
  t.match(findings[0], {
    code: "REGISTRY_UNSORTED",
    legacyId: "c",
    record: 3,
    line: 4,
    expected: /entry 2/,
    got: /one before them: 2$/,
  });
  t.strictSame(
    [0, 1, 2, 3].map((index) => registry.legacyIdAt(index)),
    ["a", "b", "c", "d"],
    "it is sorted in memory",
  );
  t.equal(
    registry.sha256,
    loadEntries(t.testdir(), "kunden", [entry("a", 4), entry("b", 1), entry("c", 3), entry("d", 2)]).sha256,
  );
});

t.test("the order is that of bytes, as `LC_ALL=C sort` has it, not that of UTF-16", async (t) => {
  const ids = ["A", "Z", "a", "z", "ä", "\uffee", "😀", "10", "9", "é", "e\u0301"];
  const sorted = execFileSync("sort", { input: ids.join("\n"), env: { LC_ALL: "C" }, encoding: "utf8" })
    .trim()
    .split("\n");
  t.strictSame(findingsOf(t, text(...sorted.map((id, number) => entry(id, number)))), []);
  const utf16 = ["\uffee", "😀"].sort();
  t.match(findingsOf(t, text(...utf16.map((id, number) => entry(id, number)))), [{ code: "REGISTRY_UNSORTED" }]);
});

t.test("a legacyId that looks personal is not shown, and its place is", async (t) => {
  for (const personal of ["maria@example.com", "+49 171/123-45 67"]) {
    const findings = findingsOf(t, text(entry(personal, 1), entry(personal, 2)));
    t.match(findings, [{ code: "REGISTRY_LEGACY_ID_DUPLICATE", record: 2, line: 3 }]);
    t.notMatch(JSON.stringify(findings), personal.slice(0, 5));
  }
});

t.test("a UUID in registries of two modules is named once, at the later one", async (t) => {
  const dir = t.testdir();
  const hunde = loadEntries(dir, "hunde", [entry("h1", 1), entry("h2", 2)]);
  const kunden = loadEntries(dir, "kunden", [entry("k1", 3), entry("k2", 2)]);
  const waren = loadEntries(dir, "waren", [entry("w1", 4), entry("w2", 5)]);
  const findings: Finding[] = [];
  findSharedUuids([waren, kunden, hunde], (found) => findings.push(found));
  t.equal(findings.length, 1);
  t.match(findings[0], {
    code: "REGISTRY_UUID_SHARED",
    module: "kunden",
    id: uuid(2),
    legacyId: "k2",
    expected: /kunden/,
    got: /hunde/,
  });
});

t.test("a UUID twice in one registry is shared only where another module has it", async (t) => {
  const dir = t.testdir();
  const twice = loadText(dir, "hunde", text(entry("a", 1), entry("b", 1))).registry;
  const findings: Finding[] = [];
  findSharedUuids([twice], (found) => findings.push(found));
  t.strictSame(findings, []);
  const three = ["kunden", "waren"].map((module) => loadText(dir, module, text(entry("x", 1), entry("y", 1))).registry);
  findSharedUuids([...three, twice], (found) => findings.push(found));
  t.strictSame(
    findings.map(({ module, got }) => [module, got]),
    [
      ["kunden", "one that hunde has too"],
      ["waren", "one that hunde has too"],
    ],
  );
});
