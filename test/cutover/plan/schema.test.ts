import { readFileSync } from "node:fs";
import t from "tap";
import { PLAN_SCHEMA } from "../../../tools/migration/cutover/plan/schema.ts";

t.test("the published schema is the one that plans are checked with", async (t) => {
  const published: unknown = JSON.parse(readFileSync("schemas/cutover-plan-1.json", "utf8"));
  t.strictSame(published, JSON.parse(JSON.stringify(PLAN_SCHEMA)));
});
