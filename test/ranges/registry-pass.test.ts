import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { parseUuid } from "../../tools/migration/integrity/uuid-words.ts";
import { indexIds } from "../../tools/migration/ranges/id-index.ts";
import { areAllSeen, passRegistry, type RegistryRange } from "../../tools/migration/ranges/registry-pass.ts";
import { allocateIds, placesOf } from "../../tools/migration/ranges/shared-id-memory.ts";
import type { RegistryEntry } from "../../tools/migration/registry/entry.ts";
import { registryFileText } from "../../tools/migration/registry/generate.ts";
import { generateEntries } from "../helpers/registry.ts";

const go = (): void => {};
/** About 1 MB: two blocks, with many lookups in each. */
const ENTRIES = 9000;

function rangeOf(entries: readonly RegistryEntry[], uuids: readonly string[]): RegistryRange {
  const path = join(t.testdir({}), "m.json");
  const text = [...registryFileText(entries)].join("");
  writeFileSync(path, text);
  const ids = allocateIds(uuids.length);
  const { words } = placesOf(ids);
  [...uuids].sort().forEach((uuid, at) => {
    const own = new Uint32Array(4);
    if (!parseUuid(uuid, own)) throw new Error(`no uuid: ${uuid}`);
    words.set(own, 4 * at);
  });
  indexIds(ids);
  const seen = new SharedArrayBuffer(uuids.length);
  const span = { path, file: "m.json", offset: 0, length: Buffer.byteLength(text), isFirst: true, isLast: true };
  return { ...span, module: "m", ids, seen };
}

const entries = generateEntries(
  "m",
  Array.from({ length: ENTRIES }, (_, at) => `a legacy id of some length ${at}`),
);

t.test("entries without an entity are told in their order, each with its own legacy id", (t) => {
  const isUnused = (at: number): boolean => at % 97 === 5 || at > ENTRIES - 3;
  const range = rangeOf(
    entries,
    entries.filter((_, at) => !isUnused(at)).map(({ targetUuid }) => targetUuid),
  );
  const result = passRegistry(range, go);
  const unused = entries.filter((_, at) => isUnused(at));
  if (!result.clean) throw new Error("not clean");
  t.equal(result.entries, ENTRIES);
  t.equal(result.matched, ENTRIES - unused.length);
  t.strictSame(
    result.findings.map(({ code, id, legacyId }) => [code, id, legacyId]),
    unused.map(({ legacyId, targetUuid }) => ["REGISTRY_ENTRY_UNUSED", targetUuid, legacyId]),
  );
  t.equal(result.unused.length, 4 * unused.length);
  t.ok(new Uint8Array(range.seen).every((mark) => mark === 1));
  t.end();
});

t.test("an id that two entries have is for the authority, wherever they are", (t) => {
  for (const [first, second] of [
    [0, 1],
    [100, 8000],
    [0, ENTRIES - 1],
    [ENTRIES - 2, ENTRIES - 1],
  ] as const) {
    const targetUuid = entries[first]?.targetUuid ?? "";
    const twice = entries.map((entry, at) => (at === second ? { ...entry, targetUuid } : entry));
    const range = rangeOf(
      twice,
      entries.map((entry) => entry.targetUuid),
    );
    t.strictSame(passRegistry(range, go), { clean: false }, `${first} and ${second}`);
  }
  t.end();
});

t.test("an id that two threads met at the same time is missed by neither", (t) => {
  const uuids = entries.map((entry) => entry.targetUuid);
  // As many matches as ids, but the last entry has the id of the first; each thread still sees the marks of its own.
  const last = entries.slice(-1).map((entry) => ({ ...entry, targetUuid: uuids[0] ?? "" }));
  const seen = new SharedArrayBuffer(uuids.length);
  let matched = 0;
  for (const span of [entries.slice(0, -1), last]) {
    const range = rangeOf(span, uuids);
    const result = passRegistry(range, go);
    matched += result.clean ? result.matched : 0;
    new Uint8Array(range.seen).forEach((mark, at) => {
      if (mark === 1) new Uint8Array(seen)[at] = 1;
    });
  }
  t.equal(matched, uuids.length);
  t.equal(areAllSeen(seen), false);
  new Uint8Array(seen).fill(1);
  t.equal(areAllSeen(seen), true);
  t.end();
});
