import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import t from "tap";
import { MigrationError } from "../../tools/migration/model/errors.ts";
import { diff } from "../../tools/migration/operations/diff.ts";
import { candor, readJson } from "../helpers/cli-project.ts";
import { editEntity, flipHex } from "../helpers/fault.ts";
import { contextOf } from "../helpers/operations.ts";
import { linesOf, rehash } from "../helpers/rehash.ts";
import { candidateOf, makeMigratedShop } from "../helpers/shop.ts";
import { candidateIsSound } from "../helpers/sound.ts";
import { readLines, type TinyModule, writeTinyCandidate } from "../helpers/tiny-candidate.ts";

const shop = join(t.testdir(), "shop");
await makeMigratedShop(shop);
const idOf = (root: string, module: string, at: number): string =>
  JSON.parse(String(linesOf(join(candidateOf(root), module, "data.jsonl"))[at])).id;

/** A shop whose present candidate can be damaged beside an untouched copy `before`. */
function twoCandidates(root: string): string {
  cpSync(shop, root, { recursive: true });
  cpSync(candidateOf(root), join(root, "before"), { recursive: true });
  return root;
}

t.test("two equal candidates do not differ", async (t) => {
  const root = twoCandidates(join(t.testdir(), "copy"));
  const ran = candor(root, ["diff", "before", "storage_candidate/v1"]);
  t.equal(ran.code, 0);
  t.match(ran.stdout, /^diff: no differences\n/);
  t.equal(readFileSync(join(root, "storage_reports/latest-diff/differences.jsonl"), "utf8"), "");
  await candidateIsSound(t, root);
});

t.test("a changed, an added and a removed entity are named, with fields and never a value", async (t) => {
  const root = twoCandidates(join(t.testdir(), "copy"));
  const changed = idOf(root, "customers", 3);
  editEntity(root, "customers", changed, { name: "Nobody Special" });
  const removed = idOf(root, "products", 0);
  const products = join(candidateOf(root), "products/data.jsonl");
  writeFileSync(products, Buffer.concat(linesOf(products).slice(1)));
  rehash(candidateOf(root));
  const ran = candor(root, ["diff", "before", "storage_candidate/v1"]);
  t.equal(ran.code, 16);
  t.match(ran.stdout, "diff: 2 differences");
  t.match(ran.stdout, `changed customers ${changed} fields name`);
  t.match(ran.stdout, `removed products ${removed}`);
  t.notMatch(ran.stdout, "Nobody");
  const back = candor(root, ["diff", "storage_candidate/v1", "before", "--json"]);
  t.equal(back.code, 16);
  const summary = JSON.parse(back.stdout);
  t.match(summary, { format: "candor-diff/1", totalDifferences: 2, modules: { products: { added: 1, removed: 0 } } });
  t.strictSame(readLines(join(root, summary.report, "differences.jsonl")), [
    { fields: ["name"], id: changed, kind: "changed", module: "customers" },
    { id: removed, kind: "added", module: "products" },
  ]);
  t.equal(candor(root, ["report"]).code, 0, "the report of a diff does not disturb the list of verdicts");
  t.notMatch(candor(root, ["report"]).stdout, /NaN|diff/);
});

t.test("a module that one side lacks is a difference, with all its entities", async (t) => {
  const root = t.testdir();
  const entities: TinyModule = new Map([["00000000-0000-8000-8000-000000000001", { a: 1 }]]);
  writeTinyCandidate(join(root, "one"), { a: { entities }, b: { entities }, empty: { entities: new Map() } });
  writeTinyCandidate(join(root, "two"), { a: { entities } });
  const { summary } = await diff(contextOf(root), ["one", "two"]);
  t.strictSame(summary.modules, {
    a: { before: 1, after: 1, added: 0, removed: 0, changed: 0 },
    b: { before: 1, added: 0, removed: 1, changed: 0 },
    empty: { before: 0, added: 0, removed: 0, changed: 0 },
  });
  t.equal(summary.totalDifferences, 3);
});

t.test("entities longer than a block of the reader are compared", async (t) => {
  const root = t.testdir();
  const ids = [1, 2, 3].map((digit) => `0000000${digit}-0000-8000-8000-000000000000`);
  const moduleOf = (sizes: readonly number[], last: string): TinyModule =>
    new Map(ids.map((id, at) => [id, { text: "x".repeat(sizes[at] ?? 0), last }]));
  writeTinyCandidate(join(root, "one"), { a: { entities: moduleOf([3_000_000, 524_288, 900_000], "a") } });
  writeTinyCandidate(join(root, "two"), { a: { entities: moduleOf([3_000_000, 524_288, 900_000], "b") } });
  const { summary, shown } = await diff(contextOf(root), ["one", "two"]);
  t.equal(summary.totalDifferences, 3);
  t.strictSame(
    shown.flatMap(({ fields }) => fields),
    ["last", "last", "last"],
  );
});

t.test("long runs that are the same are stepped over, to the very end of a chunk", async (t) => {
  const root = t.testdir();
  const many = Array.from({ length: 300 }, (_, at) => `${String(at).padStart(8, "0")}-0000-8000-8000-000000000000`);
  const moduleOf = (changed: readonly number[], left: readonly number[] = []): TinyModule =>
    new Map(many.flatMap((id, at) => (left.includes(at) ? [] : [[id, { a: changed.includes(at) ? 1 : 0 }] as const])));
  writeTinyCandidate(join(root, "one"), { m: { entities: moduleOf([], [150]), cuts: [100, 164] } });
  writeTinyCandidate(join(root, "two"), { m: { entities: moduleOf([0, 69, 133, 299], [7]), cuts: [100, 165] } });
  await diff(contextOf(root), ["one", "two"]);
  const found = readLines(join(root, "storage_reports/latest-diff/differences.jsonl"));
  t.strictSame(
    found.map(({ id, kind }) => [Number(id.slice(0, 8)), kind]),
    [
      [0, "changed"],
      [7, "removed"],
      [69, "changed"],
      [133, "changed"],
      [150, "added"],
      [299, "changed"],
    ],
  );
});

t.test("inputs that differ are told, and are no difference of the data", async (t) => {
  const root = twoCandidates(join(t.testdir(), "copy"));
  flipHex(root, "checksums/run.json", '"customers":"');
  rehash(candidateOf(root), "root");
  const { summary } = await diff(contextOf(root), ["before", "storage_candidate/v1"]);
  t.equal(summary.totalDifferences, 0);
  t.strictSame(summary.inputs, ["registries.customers"]);
  t.not(summary.before, summary.after);
});

t.test("what cannot be believed is no verdict", async (t) => {
  const ways: readonly (readonly [string, (root: string) => void])[] = [
    ["no candidate", (root) => rmSync(candidateOf(root), { recursive: true })],
    ["no run.json", (root) => rmSync(join(candidateOf(root), "checksums/run.json"))],
    ["another merkle.json", (root) => flipHex(root, "orders/checksums/merkle.json", '"root":"')],
    ["a changed digest", (root) => flipHex(root, "orders/checksums/entities.jsonl", '"sha256":"')],
    ["a changed id", (root) => flipHex(root, "orders/checksums/entities.jsonl", '{"id":"')],
    ["a cut file", (root) => truncateSync(join(candidateOf(root), "orders/data.jsonl"), 10)],
    ["a changed entity", (root) => flipData(root)],
  ];
  for (const [name, damage] of ways) {
    const root = twoCandidates(join(t.testdir(), name));
    editEntity(root, "orders", idOf(root, "orders", 0), { version: 7 });
    damage(root);
    const error = await diff(contextOf(root), ["before", "storage_candidate/v1"]).catch((one: unknown) => one);
    t.ok(error instanceof MigrationError && error.code === "UNVERIFIABLE", name, { error });
  }
});

function flipData(root: string): void {
  const path = join(candidateOf(root), "orders/data.jsonl");
  const bytes = readFileSync(path);
  bytes[20] = bytes[20] === 0x31 ? 0x32 : 0x31;
  writeFileSync(path, bytes);
}

const ids = Array.from({ length: 24 }, (_, at) => `${String(at).padStart(8, "0")}-0000-8000-8000-000000000000`);
const sideArbitrary = fc.record({
  entities: fc
    .array(fc.tuple(fc.constantFrom(...ids), fc.record({ a: fc.nat(2), b: fc.nat(1) })))
    .map((pairs): TinyModule => new Map(pairs)),
  cuts: fc.array(fc.nat(24)),
});

t.test("any two lists of entities in any chunks differ as a plain comparison says", async (t) => {
  const dir = t.testdir();
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(sideArbitrary, sideArbitrary, fc.nat(3), async (one, other, kept) => {
      runs += 1;
      const root = join(dir, String(runs));
      // Most of what two candidates hold is the same.
      const two = { ...other, entities: kept === 0 ? other.entities : mostly(one.entities, other.entities) };
      writeTinyCandidate(join(root, "one"), { m: one });
      writeTinyCandidate(join(root, "two"), { m: two });
      await diff(contextOf(root), ["one", "two"]);
      const found = readLines(join(root, "storage_reports/latest-diff/differences.jsonl"));
      t.strictSame(found, plainDifferences(one.entities, two.entities));
      t.equal(readJson(root, "storage_reports/latest-diff/summary.json").totalDifferences, found.length);
    }),
    { numRuns: 60 },
  );
});

function mostly(base: TinyModule, edits: TinyModule): TinyModule {
  const [first] = edits;
  return new Map([...base, ...(first === undefined ? [] : [first])]);
}

function plainDifferences(one: TinyModule, two: TinyModule): object[] {
  return ids.flatMap((id) => {
    const [a, b] = [one.get(id), two.get(id)];
    if (a === undefined && b === undefined) return [];
    if (a === undefined) return [{ id, kind: "added", module: "m" }];
    if (b === undefined) return [{ id, kind: "removed", module: "m" }];
    const fields = ["a", "b"].filter((name) => a[name] !== b[name]);
    return fields.length === 0 ? [] : [{ fields, id, kind: "changed", module: "m" }];
  });
}
