import t from "tap";
import { crashMatrix, crashThrough, linesOf, survey, withCrashWorld } from "../../estate/crash-matrix.ts";
import type { CrashWay } from "../../estate/crash-plays.ts";
import type { Practice } from "../../estate/practice.ts";

/** `npm run faults` kills at every point, `npm test` at these: each run is killed at all of them, one after the other. */
const isWhole = process.env["CANDOR_TEST_CRASH_EVERY"] === "1";

const CUT: Readonly<Record<Practice["plan"], { readonly way: CrashWay; readonly at: readonly string[] }>> = {
  station56: {
    way: "back",
    at: [
      "before-record@step.intent:snapshot",
      "spawned@promote",
      "flip.linked@pointer",
      "flip.renamed@pointer",
      "after-record@rollback.start:",
      "flip.renamed@pointer.undo",
      "running@live-scan:restored:rollback",
    ],
  },
  "mint-rank5plus": {
    way: "back",
    at: ["running@pack-mint:checkpoint:core-services", "ended@tunnel-apply", "running@tunnel-apply.undo.1"],
  },
  "mint-prod-cutover": {
    way: "forward",
    at: ["made@directory", "after-record@phase.end:prep", "ended@migrate", "sent@e2e", "after-unlock@target"],
  },
  step22: {
    way: "forward",
    at: [
      "after-record@run.start:",
      "running@preflight:gate:G1",
      "after-record@sign:go-no-go:release-manager:go",
      "after-record@tick:T-10",
      "before-record@step.end:execute",
    ],
  },
};

for (const [plan, { way, at }] of Object.entries(CUT) as [Practice["plan"], (typeof CUT)["step22"]][]) {
  if (isWhole) continue;
  t.test(`F01 to F14: ${plan}, killed on its way ${way}, ends as if nobody had killed it`, async (t) => {
    await withCrashWorld(plan, async (world) => {
      const { end: expected } = await survey(world, way);
      const log = `${world.practice.estate.dir}.killed`;
      t.strictSame(await crashThrough(world, way, { at, expected, log }), []);
      t.strictSame([...linesOf(log)].sort(), [...at].sort(), "it came to every point");
    });
  });
}

for (const plan of Object.keys(CUT) as Practice["plan"][]) {
  for (const way of ["forward", "back"] as const) {
    if (!isWhole) continue;
    t.test(`F01 to F14: ${plan}, killed at every point ${way}`, { timeout: 3_600_000 }, async (t) => {
      const { killed, rounds, missed, problems } = await withCrashWorld(plan, (world) => crashMatrix(world, way));
      t.strictSame({ problems, missed }, { problems: [], missed: [] });
      t.comment(`${plan} ${way}: killed at ${killed.length} points in ${rounds} runs`);
    });
  }
}
