import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { FINDING_CODES, type FindingCode, isWaivable } from "../../tools/migration/model/finding-codes.ts";
import { candor, readJson } from "../helpers/cli-project.ts";
import { editEntity, flipHex } from "../helpers/fault.ts";
import { runOperation, TODAY, type Verdict } from "../helpers/operations.ts";
import { copyShop, makeMigratedShop } from "../helpers/shop.ts";
import { shopId } from "../helpers/shop-ids.ts";

const ORDER = shopId("orders", "O-0001");
const OTHER = shopId("orders", "O-0002");

const sound = join(t.testdir(), "shop");
await makeMigratedShop(sound);

/** A waiver of the schema fault that `faultyShop` has, with changes. */
function waiver(changes: object = {}): object {
  return {
    code: "SCHEMA_VIOLATION",
    module: "orders",
    owner: "Ada",
    reason: "agreed",
    expires: "2099-12-31",
    ...changes,
  };
}

/** A shop in whose candidate one order says something its schema forbids, with the given waivers. */
function faultyShop(root: string, waivers: readonly object[]): string {
  copyShop(sound, root);
  editEntity(root, "orders", ORDER, { carrier: "" });
  writeFileSync(join(root, "migration/waivers.json"), JSON.stringify(waivers));
  return root;
}

function countsOf({ summary }: Verdict): readonly number[] {
  return [summary.totalBlockers, summary.totalWarnings, summary.totalWaived];
}

const COVERING: readonly (readonly [string, object])[] = [
  ["of the whole module", {}],
  ["of the entity", { id: ORDER }],
  ["of ids with its beginning", { id: `${ORDER.slice(0, 8)}*` }],
  ["of any module", { module: undefined }],
  ["that ends today", { expires: TODAY }],
];

for (const [name, changes] of COVERING) {
  t.test(`a waiver ${name} counts the finding apart and still reports it`, async (t) => {
    const verdict = await runOperation(faultyShop(join(t.testdir(), "shop"), [waiver(changes)]), "scan-all");
    t.strictSame(countsOf(verdict), [0, 0, 1]);
    t.match(verdict.findings, [{ code: "SCHEMA_VIOLATION", id: ORDER, waived: { owner: "Ada", reason: "agreed" } }]);
    t.equal(verdict.findings.length, 1);
    t.strictSame(verdict.summary.byModule["orders"]?.["schema"], { blockers: 0, warnings: 0, infos: 0, waived: 1 });
    t.strictSame(verdict.shown, [], "a person is shown what is left to do");
  });
}

const NOT_COVERING: readonly (readonly [string, object, FindingCode])[] = [
  ["of another entity", { id: OTHER }, "WAIVER_UNUSED"],
  ["of ids with another beginning", { id: `${OTHER.slice(0, 8)}*` }, "WAIVER_UNUSED"],
  ["of another module", { module: "products" }, "WAIVER_UNUSED"],
  ["of another code", { code: "INVARIANT_VIOLATED" }, "WAIVER_UNUSED"],
  ["that ended yesterday", { expires: "2026-06-14" }, "WAIVER_EXPIRED"],
];

for (const [name, changes, warning] of NOT_COVERING) {
  t.test(`a waiver ${name} covers nothing and is warned about`, async (t) => {
    const verdict = await runOperation(faultyShop(join(t.testdir(), "shop"), [waiver(changes)]), "scan-all");
    t.strictSame(countsOf(verdict), [1, 1, 0]);
    t.strictSame(verdict.summary.byCode, { SCHEMA_VIOLATION: 1, [warning]: 1 });
  });
}

t.test("a waiver of a check that did not run is not called unused", async (t) => {
  const root = faultyShop(join(t.testdir(), "shop"), [waiver({ code: "SCHEMA_VERSION_DRIFT" })]);
  t.strictSame((await runOperation(root, "registry check")).findings, []);
});

t.test("what proves the candidate cannot be waived", async (t) => {
  const root = join(t.testdir(), "shop");
  copyShop(sound, root);
  flipHex(root, "checksums/run.json", '],"root":"');
  const given = { code: "RUN_ROOT", owner: "Ada", reason: "agreed", expires: "2099-12-31" };
  writeFileSync(join(root, "migration/waivers.json"), JSON.stringify([given]));
  const verdict = await runOperation(root, "scan-all");
  t.strictSame(countsOf(verdict), [1, 1, 0]);
  t.match(verdict.findings[1], { code: "WAIVER_UNUSED", rule: "RUN_ROOT", got: "RUN_ROOT cannot be waived" });
});

t.test("only faults of data that still becomes an entity can be waived", async (t) => {
  const waivable = Object.keys(FINDING_CODES).filter((code) => isWaivable(code as FindingCode));
  t.strictSame(waivable.sort(), [
    "INPUT_DRIFT",
    "INVARIANT_VIOLATED",
    "PII_CARD",
    "PII_EMAIL",
    "PII_IBAN",
    "PII_PHONE",
    "PII_RESIDENCY",
    "PII_UNCLASSIFIED",
    "REFERENCE_MISSING",
    "REGISTRY_ENTRY_UNUSED",
    "REGISTRY_FILE_UNKNOWN",
    "REGISTRY_GROWN",
    "REGISTRY_NOT_FROZEN",
    "REGISTRY_UNSORTED",
    "SCHEMA_VERSION_DRIFT",
    "SCHEMA_VIOLATION",
    "SOURCE_FIELD_UNKNOWN",
    "SOURCE_MODULE_EMPTY",
  ]);
});

t.test("a run passes with a waived fault, and fails at a warning where that is asked for", async (t) => {
  const dir = t.testdir();
  const waived = faultyShop(join(dir, "waived"), [waiver()]);
  t.equal(candor(waived, ["scan-all", "--fail-on", "warning"]).code, 0);
  t.equal(readJson(waived, "storage_reports/latest-scan/summary.json").totalWaived, 1);
  const unused = faultyShop(join(dir, "unused"), [waiver(), waiver({ code: "INVARIANT_VIOLATED" })]);
  t.equal(candor(unused, ["scan-all"]).code, 0);
  const { code, stdout } = candor(unused, ["scan-all", "--fail-on", "warning"]);
  t.equal(code, 16);
  t.match(stdout, /scan-all: 0 BLOCKER, 1 WARNING, 1 waived\n/);
});
