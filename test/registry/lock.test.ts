import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import fc from "fast-check";
import t from "tap";
import type { Finding } from "../../tools/migration/model/finding.ts";
import {
  assertFreezable,
  compareWithLock,
  type LockComparison,
} from "../../tools/migration/registry/compare-with-lock.ts";
import type { RegistryEntry } from "../../tools/migration/registry/entry.ts";
import { fingerprintLines } from "../../tools/migration/registry/fingerprints.ts";
import { lockFileText, parseLockFile, type RegistryLock } from "../../tools/migration/registry/lock.ts";
import type { Registry } from "../../tools/migration/registry/registry.ts";
import type { SpillFolder } from "../../tools/migration/stores/spill-folder.ts";
import {
  entry,
  frozenOf,
  generateEntries,
  loadEntries,
  loadText,
  thrown,
  uuid,
  withFolder,
} from "../helpers/registry.ts";

interface Frozen {
  readonly lock: RegistryLock;
  readonly sidecar: string;
}

function freeze(registry: Registry): Frozen {
  const text = lockFileText(new Map([[registry.module, frozenOf(registry)]]));
  return {
    lock: parseLockFile(text, "registry.lock.json"),
    sidecar: [...fingerprintLines(registry.entries())].join(""),
  };
}

function compare(registry: Registry, { lock, sidecar }: { lock: RegistryLock; sidecar: string | undefined }) {
  const findings: Finding[] = [];
  const result = withSidecar(sidecar, (path, folder): LockComparison => {
    return compareWithLock(registry, { lock, sidecar: path, folder }, (found) => findings.push(found));
  });
  return { result, findings };
}

function withSidecar<T>(text: string | undefined, use: (path: string, folder: SpillFolder) => T): T {
  return withFolder((folder) => {
    const path = folder.newFile();
    if (text !== undefined) writeFileSync(path, text);
    return use(path, folder);
  });
}

const BASE = [entry("b", 1), entry("d", 2), entry("f", 3)];
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

t.test("the lock file is one sorted document that reads back", async (t) => {
  const dir = t.testdir();
  const registries = [
    loadEntries(dir, "waren", []),
    loadEntries(dir, "hunde", BASE),
    loadEntries(dir, "10", []),
    loadEntries(dir, "9", []),
  ];
  const lock: RegistryLock = new Map(registries.map((registry) => [registry.module, frozenOf(registry)]));
  const text = lockFileText(lock);
  t.match(
    text,
    /^\{\n {2}"format": "candor-registry-lock\/1",\n {2}"registries": \{\n {4}"10": \{\n {6}"entries": 0,\n {6}"fingerprintsSha256": /,
  );
  t.ok(text.endsWith('"\n    }\n  }\n}\n'));
  t.strictSame(
    [...text.matchAll(/^ {4}"(\w+)"/gm)].map(([, name]) => name),
    ["10", "9", "hunde", "waren"],
  );
  t.strictSame(new Map([...parseLockFile(text, "l")].sort()), new Map([...lock].sort()));
  t.equal(
    lockFileText(new Map()),
    `${JSON.stringify({ format: "candor-registry-lock/1", registries: {} }, undefined, 2)}\n`,
  );
  t.strictSame(parseLockFile(lockFileText(new Map()), "l"), new Map());
});

t.test("fingerprints are the first digits of two SHA-256", async (t) => {
  const line = `{"legacyId":"b","targetUuid":"${uuid(1)}","version":1}`;
  const [first] = fingerprintLines(BASE);
  t.equal(first, `${sha256("b").slice(0, 16)}${sha256(line).slice(0, 16)}\n`);
  const registry = loadEntries(t.testdir(), "hunde", BASE);
  const sidecar = [...fingerprintLines(BASE)].join("");
  t.strictSame(frozenOf(registry), {
    entries: 3,
    sha256: registry.sha256,
    fingerprints: { count: 3, sha256: sha256(sidecar) },
  });
});

t.test("a lock file names all its problems at once", async (t) => {
  const text = JSON.stringify({
    format: "other/1",
    extra: 1,
    registries: {
      checksums: 1,
      hunde: { entries: -1, sha256: "A".repeat(64), more: 1 },
      Kunden: { entries: 1, sha256: "0".repeat(64), fingerprintsSha256: "0".repeat(64) },
    },
  });
  const error = thrown(() => parseLockFile(text, "migration/mapping/registry.lock.json"));
  t.equal(error.code, "REGISTRY_INVALID");
  t.match(error.message, "migration/mapping/registry.lock.json");
  for (const place of [
    "/format",
    "extra",
    "/registries/checksums",
    "/registries/hunde/entries",
    "/registries/hunde/sha256",
    "/registries/hunde/fingerprintsSha256",
    "more",
    "/registries/Kunden",
  ]) {
    t.ok(
      error.problems.some((problem) => problem.includes(place)),
      place,
    );
  }
  for (const broken of ["", "{", "[]", '{"format":1,"format":1}', "{}"]) {
    t.match(
      thrown(() => parseLockFile(broken, "l")),
      { code: "REGISTRY_INVALID", remedy: /registry freeze/ },
    );
  }
});

t.test("a registry with findings is not frozen", async (t) => {
  const { registry } = loadText(t.testdir(), "hunde", JSON.stringify([entry("b", 1), entry("a", 2)]));
  t.match(
    thrown(() => frozenOf(registry)),
    { code: "REGISTRY_INVALID", remedy: "candor registry check hunde" },
  );
});

t.test("a registry is equal to itself and unfrozen without a lock", async (t) => {
  const registry = loadEntries(t.testdir(), "hunde", BASE);
  t.strictSame(compare(registry, freeze(registry)), { result: "equal", findings: [] });
  const { result, findings } = compare(registry, { lock: new Map(), sidecar: undefined });
  t.equal(result, "unfrozen");
  t.match(findings, [{ code: "REGISTRY_NOT_FROZEN", module: "hunde", severity: "WARNING" }]);
  t.equal(findings.length, 1);
});

t.test("growth is named with the number of new entries and the first of them", async (t) => {
  const dir = t.testdir();
  const frozen = freeze(loadEntries(dir, "hunde", BASE));
  const { result, findings } = compare(loadEntries(dir, "hunde", [entry("a", 9), ...BASE, entry("g", 8)]), frozen);
  t.equal(result, "grown");
  t.equal(findings.length, 1);
  t.match(findings[0], {
    code: "REGISTRY_GROWN",
    module: "hunde",
    legacyId: "a",
    id: uuid(9),
    record: 1,
    got: /^2 new/,
  });
});

t.test("every changed entry is named, beside growth", async (t) => {
  const dir = t.testdir();
  const frozen = freeze(loadEntries(dir, "hunde", BASE));
  const changed = [entry("a", 9), entry("b", 7), entry("d", 2), entry("f", 3, 2)];
  const { result, findings } = compare(loadEntries(dir, "hunde", changed), frozen);
  t.equal(result, "changed");
  t.strictSame(
    findings.map(({ code, legacyId, id, record }) => [code, legacyId, id, record]),
    [
      ["REGISTRY_CHANGED", "b", uuid(7), 2],
      ["REGISTRY_CHANGED", "f", uuid(3), 4],
    ],
  );
});

t.test("removed entries are counted", async (t) => {
  const dir = t.testdir();
  const frozen = freeze(loadEntries(dir, "hunde", BASE));
  for (const [left, count] of [
    [[entry("d", 2)], 2],
    [[], 3],
    [[entry("b", 1), entry("e", 2), entry("f", 3)], 1],
  ] as const) {
    const { result, findings } = compare(loadEntries(dir, "hunde", left), frozen);
    t.equal(result, "changed");
    t.equal(findings.length, 1);
    t.match(findings[0], { code: "REGISTRY_CHANGED", got: `${count} of them missing` });
  }
});

t.test("two entries that swap their UUIDs are a change", async (t) => {
  const dir = t.testdir();
  const frozen = freeze(loadEntries(dir, "hunde", BASE));
  const { result, findings } = compare(
    loadEntries(dir, "hunde", [entry("b", 2), entry("d", 1), entry("f", 3)]),
    frozen,
  );
  t.equal(result, "changed");
  t.strictSame(
    findings.map(({ legacyId }) => legacyId),
    ["b", "d"],
  );
});

t.test("without whole fingerprints a difference counts as a change and says so", async (t) => {
  const dir = t.testdir();
  const registry = loadEntries(dir, "hunde", BASE);
  const { lock, sidecar } = freeze(registry);
  const grown = loadEntries(dir, "hunde", [...BASE, entry("g", 4)]);
  for (const [damaged, words] of [
    [undefined, /missing/],
    [sidecar.slice(1), /damaged/],
    [sidecar.replace(/^./, "x"), /damaged/],
    ["", /damaged/],
    [`${sidecar}\n`, /damaged/],
  ] as const) {
    const { result, findings } = compare(grown, { lock, sidecar: damaged });
    t.equal(result, "changed");
    t.equal(findings.length, 1);
    t.match(findings[0], { code: "REGISTRY_CHANGED", got: words });
    t.equal(compare(registry, { lock, sidecar: damaged }).result, "equal");
  }
});

t.test("a lock whose digest and fingerprints contradict each other never passes", async (t) => {
  const registry = loadEntries(t.testdir(), "hunde", BASE);
  const frozen = frozenOf(registry);
  const lock: RegistryLock = new Map([["hunde", { ...frozen, sha256: "0".repeat(64) }]]);
  const { result, findings } = compare(registry, { lock, sidecar: [...fingerprintLines(BASE)].join("") });
  t.equal(result, "changed");
  t.match(findings, [{ code: "REGISTRY_CHANGED", got: /contradicts itself/ }]);
});

t.test("only a change stands in the way of freezing", async (t) => {
  for (const comparison of ["equal", "grown", "unfrozen"] as const)
    t.doesNotThrow(() => assertFreezable("hunde", comparison));
  t.match(
    thrown(() => assertFreezable("hunde", "changed")),
    { code: "REGISTRY_INVALID", remedy: /version control/ },
  );
});

t.test("a legacyId that looks personal is not shown in a comparison", async (t) => {
  const dir = t.testdir();
  const frozen = freeze(loadEntries(dir, "hunde", [entry("maria@example.com", 1)]));
  const { findings } = compare(loadEntries(dir, "hunde", [entry("maria@example.com", 2)]), frozen);
  t.match(findings, [{ code: "REGISTRY_CHANGED", id: uuid(2), record: 1 }]);
  t.notMatch(JSON.stringify(findings), "maria");
});

const ids = fc.uniqueArray(fc.string({ unit: "binary", minLength: 1, maxLength: 3 }), { maxLength: 25 });

t.test("adding entries is growth, and never a change", async (t) => {
  const dir = t.testdir();
  await fc.assert(
    fc.property(ids, ids, (before, added) => {
      const old = loadEntries(dir, "hunde", generateEntries("hunde", before, undefined));
      const next = loadEntries(dir, "hunde", generateEntries("hunde", added, old));
      const { result, findings } = compare(next, freeze(old));
      assert.equal(result, next.size === old.size ? "equal" : "grown");
      assert.ok(
        findings.every(({ code, got }) => code === "REGISTRY_GROWN" && got?.startsWith(`${next.size - old.size} new`)),
      );
    }),
  );
});

t.test("altering or removing any entry is a change, whatever is added", async (t) => {
  const dir = t.testdir();
  const kinds = fc.constantFrom("uuid", "version", "remove");
  await fc.assert(
    fc.property(
      ids.filter((some) => some.length > 0),
      ids,
      fc.nat(),
      kinds,
      (before, added, pick, kind) => {
        const old = loadEntries(dir, "hunde", generateEntries("hunde", before, undefined));
        const at = pick % old.size;
        const victim = old.legacyIdAt(at);
        const altered = generateEntries("hunde", added, old).flatMap((each) =>
          each.legacyId === victim ? alter(each, kind) : [each],
        );
        const { result, findings } = compare(loadEntries(dir, "hunde", altered), freeze(old));
        assert.equal(result, "changed");
        assert.ok(findings.length > 0 && findings.every(({ code }) => code === "REGISTRY_CHANGED"));
      },
    ),
  );
});

function alter(original: RegistryEntry, kind: string): RegistryEntry[] {
  if (kind === "remove") return [];
  return [kind === "uuid" ? { ...original, targetUuid: uuid(1) } : { ...original, version: 2 }];
}
