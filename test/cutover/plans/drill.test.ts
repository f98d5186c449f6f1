import t from "tap";
import { drillOne } from "../../estate/drill.ts";
import { SCENARIOS } from "../../estate/scenarios.ts";

/** What shows that the drill plays; requirements/ plays the plans. `npm run drill` plays all, CANDOR_TEST_DRILL=all here. */
const SMALL = ["an outage of 590 s: nothing"];

const isWhole = process.env["CANDOR_TEST_DRILL"] === "all";

t.test("the plays of the small cut are plays of the drill", async (t) => {
  for (const name of SMALL)
    t.ok(
      SCENARIOS.some((scenario) => scenario.name === name),
      name,
    );
  t.strictSame([...new Set(SCENARIOS.map(({ plan }) => plan))].length, 4, "every plan is played");
});

for (const scenario of SCENARIOS.filter(({ name }) => isWhole || SMALL.includes(name))) {
  t.test(`${scenario.plan}: ${scenario.name}`, { timeout: 300_000 }, async (t) => {
    const { outcome, problems, lines } = await drillOne(scenario);
    t.strictSame(problems, [], "everything is as it should be", { lines: lines.slice(-30) });
    t.equal(outcome, scenario.outcome);
  });
}
