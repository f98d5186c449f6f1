import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import t from "tap";
import type { Finding } from "../../tools/migration/model/finding.ts";
import { cutLines } from "../../tools/migration/ranges/cut-lines.ts";
import { countRegistry, fillRegistry } from "../../tools/migration/ranges/fill-registry.ts";
import { digestRegistry } from "../../tools/migration/ranges/registry-digest.ts";
import type { RegistrySpan } from "../../tools/migration/ranges/registry-lines.ts";
import { allocateRegistry, SharedRegistry } from "../../tools/migration/ranges/shared-registry.ts";
import { deriveUuid } from "../../tools/migration/registry/derive-uuid.ts";
import type { RegistryEntry } from "../../tools/migration/registry/entry.ts";
import { registryFileText } from "../../tools/migration/registry/generate.ts";
import { loadRegistry } from "../../tools/migration/registry/load-registry.ts";
import type { Registry } from "../../tools/migration/registry/registry.ts";
import { generateEntries } from "../helpers/registry.ts";

const go = (): void => {};
const FILE = "migration/mapping/m.json";

function spansOf(path: string, spanBytes: number): RegistrySpan[] {
  const spans = cutLines(path, spanBytes);
  return spans.map((span, at) => ({ ...span, path, file: FILE, isFirst: at === 0, isLast: at === spans.length - 1 }));
}

/** The registry in shared memory; undefined where a span of it is for the authority. */
function share(path: string, spanBytes: number): SharedRegistry | undefined {
  const spans = spansOf(path, spanBytes);
  const counts = spans.map((span) => countRegistry(span, go));
  let [size, textBytes] = [0, 0];
  const places: { span: RegistrySpan; index: number; textAt: number; entries: number }[] = [];
  for (const [at, count] of counts.entries()) {
    const span = spans[at];
    if (count === undefined || span === undefined) return undefined;
    places.push({ span, index: size, textAt: textBytes, entries: count.entries });
    size += count.entries;
    textBytes += count.textBytes;
  }
  const data = allocateRegistry("m", size, textBytes);
  // Backwards, because spans are filled in any order.
  for (const { span, index, textAt, entries } of places.reverse()) {
    if (!fillRegistry(span, { data, index, textAt }, entries, go)) return undefined;
  }
  return new SharedRegistry(data);
}

function load(path: string): { registry: Registry; findings: Finding[] } {
  const findings: Finding[] = [];
  return { registry: loadRegistry({ module: "m", path, file: FILE }, (one) => findings.push(one)), findings };
}

function isSame(left: SharedRegistry, right: Registry, alsoAsk: readonly string[] = []): boolean {
  if (left.size !== right.size) return false;
  const ids = Array.from({ length: right.size }, (_, index) => right.legacyIdAt(index));
  return (
    ids.every((id, index) => left.legacyIdAt(index) === id && left.uuidAt(index) === right.uuidAt(index)) &&
    [...ids, ...alsoAsk].every((id) => left.lookup(id) === right.lookup(id))
  );
}

/** Ids as sources have them: numbers, composite keys (with escapes), umlauts, astral and long ones. */
const anyLegacyId = fc.oneof(
  fc.integer({ min: 1, max: 99_999 }).map((number) => `K-${number}`),
  fc.tuple(fc.string({ unit: "grapheme" }), fc.integer()).map((key) => JSON.stringify(key)),
  fc.string({ unit: "grapheme", minLength: 1 }),
  fc.string({ unit: fc.constantFrom("ä", "ß", "\u{1f436}", "\u0001", '"', "\\", "\u2028", "\uffff"), minLength: 1 }),
  fc.integer({ min: 1200, max: 1500 }).map((length) => "ö".repeat(length)),
);

t.test("a shared registry is the registry that the authority loads, however it is cut", async (t) => {
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
        return [1, 150, 1000, 1_000_000].every((spanBytes) => {
          const made = share(file, spanBytes);
          return made !== undefined && isSame(made, registry, [...others, "", "\ud800", "\ufffd"]);
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
  const made = share(path, 1024 * 1024);
  t.equal(made?.size, 200_000);
  const { registry } = load(path);
  t.equal(digestRegistry(path, FILE, go), registry.sha256);
  t.ok(made !== undefined && isSame(made, registry, ["Nr-200000", "Nr-"]));
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
        const made = share(file, 1_000_000);
        if (made === undefined) continue;
        accepted += 1;
        const { registry, findings } = load(file);
        // Two entries with one uuid are seen by the freeze, which is made of registries without faults only.
        const own = findings.filter(({ code }) => code !== "REGISTRY_UUID_DUPLICATE");
        if (own.length > 0 || !isSame(made, registry)) t.fail(`${form}: byte ${at} as ${other}`);
        if (digestRegistry(file, FILE, go) !== registry.sha256) t.fail(`${form}: digest with byte ${at} as ${other}`);
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
    const made = share(path, 1_000_000);
    t.equal(made === undefined || (name === "with nothing in it" && made.size === 0), true, name);
  }
  writeFileSync(path, "[]\n");
  t.equal(share(path, 10)?.size, 0, "no entries");
});

t.test("a registry that changes between counting and filling is not taken", async (t) => {
  const path = join(t.testdir({}), "m.json");
  const entries = generateEntries("m", ["1", "2", "3"], undefined);
  writeFileSync(path, [...registryFileText(entries)].join(""));
  const [span] = spansOf(path, 1_000_000);
  if (span === undefined) throw new Error("no span");
  const count = countRegistry(span, go);
  const place = { data: allocateRegistry("m", 3, count?.textBytes ?? 0), index: 0, textAt: 0 };
  writeFileSync(path, readFileSync(path, "utf8").replace(/.*"2".*\n/, ""));
  t.equal(fillRegistry(span, place, 3, go), false, "an entry less");
  const more = generateEntries("m", ["1", "2", "3", "4"], undefined);
  writeFileSync(path, [...registryFileText(more)].join(""));
  const [longer] = spansOf(path, 1_000_000);
  t.equal(fillRegistry(longer ?? span, place, 3, go), false, "an entry more");
  t.equal(deriveUuid("m", "1"), entries[0]?.targetUuid);
});
