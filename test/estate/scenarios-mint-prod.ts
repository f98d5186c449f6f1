import { count, ends, failing, once } from "./claims.ts";
import { approve, type Script } from "./play.ts";
import type { Scenario } from "./scenarios.ts";

/** The operator does what the plan asks before saying so. */
const operator: Script = {
  answer: (asked, { practice: { estate } }) => {
    if (asked.about === "env") estate.run("docker-host", "echo MINIO_URL=x > mint-modules-prod/.env.prod");
    return approve(asked);
  },
};

/** The nine steps of the Mint production cutover. */
export const mintProdScenarios: readonly Scenario[] = [
  {
    plan: "mint-prod-cutover",
    name: "nine steps",
    outcome: "SUCCEEDED",
    script: () => operator,
    problems: (played) =>
      failing({
        "it is complete": played.complete,
        "the column was added once": played.effects.filter((line) => line.includes("sql add")).length === 1,
        "rsync spared .env.prod": played.effects.some((line) => line.includes("up mint-modules-prod")),
      }),
  },
  {
    plan: "mint-prod-cutover",
    name: "a health gate fails: rolled back, and can be closed",
    outcome: "ROLLED_BACK",
    script: () => {
      const migrated = once((record) => ends(record, "migrate"));
      return {
        ...operator,
        onRecord: (record, { practice: { estate } }) => {
          if (migrated(record)) estate.mode("order-intake", "fail");
        },
      };
    },
    problems: (played) =>
      failing({
        "the gate fired at once": count(played, "stop.fire", "health-gate") === 1,
        "it can be closed": played.closable,
        "the old stacks are up again": ["artwork-module", "quote-page"].every((stack) =>
          played.effects.some((line) => line.endsWith(`compose up ${stack}`)),
        ),
        "the column went last": played.effects.at(-1) === "docker-host: sql drop column metadata",
      }),
  },
];
