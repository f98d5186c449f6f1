import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import t from "tap";
import type { Finding } from "../../tools/migration/model/finding.ts";
import { fillRegistry, registrySize } from "../../tools/migration/ranges/fill-registry.ts";
import { digestRegistry } from "../../tools/migration/ranges/registry-digest.ts";
import { allocateRegistries, MOST_KEYS } from "../../tools/migration/ranges/registry-memory.ts";
import { KeyBatch, SharedRegistry } from "../../tools/migration/ranges/shared-registry.ts";
import { deriveUuid } from "../../tools/migration/registry/derive-uuid.ts";
import type { RegistryEntry } from "../../tools/migration/registry/entry.ts";
import { registryFileText } from "../../tools/migration/registry/generate.ts";
import { loadRegistry } from "../../tools/migration/registry/load-registry.ts";
import type { Registry } from "../../tools/migration/registry/registry.ts";
import { generateEntries } from "../helpers/registry.ts";

const go = (): void => {};
const FILE = "migration/mapping/m.json";

/** The registry in shared memory with its digest; undefined where it is for the authority. */
function share(path: string, entries: number, perTask = 100): { made: SharedRegistry; sha256: string } | undefined {
  const sizeBytes = statSync(path).size;
  const [data] = allocateRegistries([registrySize("m", sizeBytes, entries)], 1) ?? [];
  const sha256 = data && fillRegistry({ path, file: FILE, sizeBytes, data }, go);
  if (data === undefined || sha256 === undefined) return undefined;
  // Backwards, because parts are indexed in any order.
  for (let end = entries; end > 0; end -= perTask) new SharedRegistry(data).index(Math.max(0, end - perTask), end);
  return { made: new SharedRegistry(data), sha256 };
}

function load(path: string): { registry: Registry; findings: Finding[] } {
  const findings: Finding[] = [];
  return { registry: loadRegistry({ module: "m", path, file: FILE }, (one) => findings.push(one)), findings };
}

function isSame(left: SharedRegistry, right: Registry, alsoAsk: readonly string[] = []): boolean {
  if (left.size !== right.size) return false;
  const ids = Array.from({ length: right.size }, (_, index) => right.legacyIdAt(index));
  const asked = [...ids, ...alsoAsk];
  const keys = asked.map((id) => Buffer.from(id, "utf8"));
  return (
    [0, 3].every((gap) => findAll(left, keys, gap).every((found, at) => found === left.lookup(asked[at] ?? ""))) &&
    ids.every((id, index) => left.legacyIdAt(index) === id && left.uuidAt(index) === right.uuidAt(index)) &&
    asked.every((id) => left.lookup(id) === right.lookup(id))
  );
}

/** What `findAll` finds for these keys, each in its place. */
function findAll(registry: SharedRegistry, keys: readonly Buffer[], gap: number): number[] {
  const batch = new KeyBatch();
  const found = new Int32Array(keys.length).fill(-7);
  const bytes = Buffer.concat([...keys].reverse().flatMap((key) => [Buffer.alloc(gap, 0x31), key]));
  let at = gap;
  const settle = (): void => {
    registry.findAll(bytes, batch, found);
    batch.count = 0;
  };
  // Backwards, because results go to the places that were told.
  for (const [place, key] of [...keys.entries()].reverse()) {
    if (batch.count === MOST_KEYS) settle();
    batch.add(place, at, at + key.length);
    at += key.length + gap;
  }
  settle();
  return [...found];
}

/** Ids as sources have them: numbers, composite keys (with escapes), umlauts, astral and long ones. */
const anyLegacyId = fc.oneof(
  fc.integer({ min: 1, max: 99_999 }).map((number) => `K-${number}`),
  fc.tuple(fc.string({ unit: "grapheme" }), fc.integer()).map((key) => JSON.stringify(key)),
  fc.string({ unit: "grapheme", minLength: 1 }),
  fc.string({ unit: fc.constantFrom("ä", "ß", "\u{1f436}", "\u0001", '"', "\\", "\u2028", "\uffff"), minLength: 1 }),
  fc.integer({ min: 1200, max: 1500 }).map((length) => "ö".repeat(length)),
);

t.test("a shared registry is the registry that the authority loads, whoever indexes it", async (t) => {
  const path = join(t.testdir({}), "m.json");
  const lines = join(t.testdirName, "m.jsonl");
  await fc.assert(
    fc.property(fc.array(anyLegacyId, { maxLength: 25 }), fc.array(anyLegacyId, { maxLength: 5 }), (ids, others) => {
      const entries = generateEntries("m", ids, undefined);
      writeFileSync(path, [...registryFileText(entries)].join(""));
      writeFileSync(lines, [...registryFileText(entries, "jsonl")].join(""));
      const { registry, findings } = load(path);
      if (findings.length > 0) throw new Error("the fixture has faults");
      return [path, lines].every((file) => {
        if (digestRegistry(file, FILE, go) !== registry.sha256) return false;
        return [1, 3, 1000].every((perTask) => {
          const shared = share(file, registry.size, perTask);
          if (shared === undefined || shared.sha256 !== registry.sha256) return false;
          return isSame(shared.made, registry, [...others, "", "\ud800", "\ufffd"]);
        });
      });
    }),
    { numRuns: 60 },
  );
});

t.test("a large registry is the same too", async (t) => {
  const path = join(t.testdir({}), "m.json");
  const ids = Array.from({ length: 200_000 }, (_, at) =>
    at % 3 === 0 ? JSON.stringify(["Köln", `${at}"`]) : `Nr-${at}`,
  );
  const entries: RegistryEntry[] = generateEntries("m", ids, undefined);
  writeFileSync(path, [...registryFileText(entries)].join(""));
  const shared = share(path, 200_000, 7000);
  const { registry } = load(path);
  t.equal(digestRegistry(path, FILE, go), registry.sha256);
  t.equal(shared?.sha256, registry.sha256);
  t.ok(shared !== undefined && isSame(shared.made, registry, ["Nr-200000", "Nr-"]));
});

t.test("what is read without the authority has no fault, whatever byte of the file is changed", async (t) => {
  const path = join(t.testdir({}), "m.json");
  const entries = generateEntries("m", ["1", "12", '["ä","b\\"c"]', "x\u0001y"], undefined);
  for (const form of ["json", "jsonl"] as const) {
    const file = form === "json" ? path : `${path}l`;
    const bytes = Buffer.from([...registryFileText(entries, form)].join(""));
    let accepted = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      for (const other of [(bytes[at] ?? 0) ^ 1, 0x0a, 0x22, 0x30, 0x5c, 0x80]) {
        const changed = Buffer.from(bytes);
        changed[at] = other;
        writeFileSync(file, changed);
        const shared = share(file, entries.length);
        if (shared === undefined) continue;
        accepted += 1;
        const { registry, findings } = load(file);
        // Two entries with one uuid are seen by the freeze, which is made of registries without faults only.
        const own = findings.filter(({ code }) => code !== "REGISTRY_UUID_DUPLICATE");
        if (own.length > 0 || !isSame(shared.made, registry)) t.fail(`${form}: byte ${at} as ${other}`);
        if (shared.sha256 !== registry.sha256) t.fail(`${form}: digest with byte ${at} as ${other}`);
      }
    }
    t.ok(accepted > 100, `${accepted} changes make another sound registry`);
  }
});

t.test("other forms are for the authority", async (t) => {
  const path = join(t.testdir({}), "m.json");
  const entries = generateEntries("m", ["1", "2", "3"], undefined);
  const text = [...registryFileText(entries)].join("");
  const other = {
    "pretty-printed": JSON.stringify(entries, undefined, 2),
    "on one line": JSON.stringify(entries),
    "without a last LF": text.slice(0, -1),
    "with CRLF": text.replaceAll("\n", "\r\n"),
    "with a BOM": `\ufeff${text}`,
    "in another order": [...registryFileText([...entries].reverse())].join(""),
    "with an id twice": [...registryFileText(entries.flatMap((one) => [one, one]))].join(""),
    "with a comma behind the last entry": text.replace("}\n]", "},\n]"),
    "without its bracket": text.replace("]\n", ""),
    "with two brackets": `${text}]\n`,
    "with an entry behind the bracket": text + text,
    "with a version of 0": text.replace('"version":1', '"version":0'),
    "with a version with a fraction": text.replace('"version":1', '"version":1.5'),
    "with an upper-case uuid": text.replace(entries[0]?.targetUuid ?? "", entries[0]?.targetUuid.toUpperCase() ?? ""),
    "with an escape that is not canonical": text.replace('"legacyId":"1"', '"legacyId":"\\u0031"'),
    "with an empty id": text.replace('"legacyId":"1"', '"legacyId":""'),
    "with nothing in it": "",
  };
  for (const [name, content] of Object.entries(other)) {
    writeFileSync(path, content);
    for (const count of [0, 3, 4, 6]) t.equal(share(path, count), undefined, `${name}, ${count} frozen`);
  }
  writeFileSync(path, "[]\n");
  t.equal(share(path, 0)?.made.size, 0, "no entries");
});

t.test("a registry with other entries than there is room for is not taken", async (t) => {
  const path = join(t.testdir({}), "m.json");
  const entries = generateEntries("m", ["1", "2", "3"], undefined);
  writeFileSync(path, [...registryFileText(entries)].join(""));
  t.equal(share(path, 3)?.made.size, 3);
  for (const frozen of [0, 1, 2, 4, 1_000_000, 2 ** 53 - 1])
    t.equal(share(path, frozen), undefined, `${frozen} frozen`);
  const long = generateEntries("m", ["1".repeat(500), "2".repeat(500)], undefined);
  writeFileSync(path, [...registryFileText(long)].join(""));
  t.equal(share(path, 2)?.made.size, 2);
  t.equal(share(path, 3), undefined, "one more was frozen, and there is room for it");
  t.equal(allocateRegistries([registrySize("m", 2 ** 40, 1)], 1), undefined, "more than addresses reach");
  t.equal(deriveUuid("m", "1"), entries[0]?.targetUuid);
});
