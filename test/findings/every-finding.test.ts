import { join } from "node:path";
import t, { type Test } from "tap";
import { FINDING_CODES } from "../../tools/migration/model/finding-codes.ts";
import { VERIFY_CHECKS } from "../../tools/migration/operations/scan.ts";
import { DIGEST_FAULTS } from "../fixtures/faults/digest-faults.ts";
import { ENTITY_FAULTS } from "../fixtures/faults/entity-faults.ts";
import { LAYOUT_FAULTS } from "../fixtures/faults/layout-faults.ts";
import { LINE_FAULTS } from "../fixtures/faults/line-faults.ts";
import { REGISTRY_FAULTS } from "../fixtures/faults/registry-faults.ts";
import { SOURCE_FAULTS } from "../fixtures/faults/source-faults.ts";
import { TARGET_FAULTS } from "../fixtures/faults/target-faults.ts";
import { TRANSIENT_FAULTS } from "../fixtures/faults/transient-faults.ts";
import type { Fault } from "../helpers/fault.ts";
import { runOperation } from "../helpers/operations.ts";
import { candidateOf, copyShop, makeMigratedShop } from "../helpers/shop.ts";
import { candidateIsSound, noOracle, oracleAccepts } from "../helpers/sound.ts";

const FAULTS: readonly Fault[] = [
  ...SOURCE_FAULTS,
  ...REGISTRY_FAULTS,
  ...LAYOUT_FAULTS,
  ...LINE_FAULTS,
  ...DIGEST_FAULTS,
  ...ENTITY_FAULTS,
  ...TARGET_FAULTS,
  ...TRANSIENT_FAULTS,
];

const sound = t.testdir();
await makeMigratedShop(join(sound, "shop"));

t.test("every code has a fault that makes it", async (t) => {
  t.strictSame([...new Set(FAULTS.map(({ code }) => code))].sort(), Object.keys(FINDING_CODES).sort());
});

for (const fault of FAULTS) {
  t.test(`${fault.code}: ${fault.name}`, async (t) => {
    const root = join(t.testdir(), "shop");
    copyShop(join(sound, "shop"), root);
    await fault.damage(root);
    const { findings, summary } = await runOperation(root, fault.command, {
      onMismatch: (place) => fault.onMismatch?.(root, place),
    });
    const entry = FINDING_CODES[fault.code];
    const expected = { ...fault.expected, code: fault.code, check: entry.check, severity: entry.severity };
    const found = findings.filter(({ code }) => code === fault.code);
    t.ok(
      found.some((one) => Object.entries(expected).every(([key, value]) => Reflect.get(one, key) === value)),
      "the finding says what is wrong and where",
      { found, expected },
    );
    t.strictSame(
      codesOf(findings),
      [...new Set([fault.code, ...(fault.also ?? [])])].sort(),
      "and nothing else is wrong",
    );
    t.strictSame(summary.unverified, []);
    if (fault.command !== "scan-all" || entry.check === "waivers") return;
    await verifierAgrees(t, root, fault);
  });
}

/** What is hashed is judged by `verify-checksums` and by the independent verifier too. */
async function verifierAgrees(t: Test, root: string, fault: Fault): Promise<void> {
  const { findings } = await runOperation(root, "verify-checksums");
  const isHashed = VERIFY_CHECKS.has(FINDING_CODES[fault.code].check);
  const expected = fault.verifyFinds ?? (isHashed ? fault.code : "nothing");
  const codes = codesOf(findings);
  t.ok(expected === "nothing" ? codes.length === 0 : codes.includes(expected), "verify-checksums agrees", {
    expected,
    codes,
  });
  if (noOracle === false)
    t.equal(oracleAccepts(candidateOf(root)), fault.consistent === true, "the independent verifier agrees");
}

t.test("the shop that was damaged so often is sound", async (t) => candidateIsSound(t, join(sound, "shop")));

function codesOf(findings: readonly { readonly code: string }[]): readonly string[] {
  return [...new Set(findings.map(({ code }) => code))].sort();
}
