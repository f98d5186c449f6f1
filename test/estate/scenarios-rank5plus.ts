import { count, failing, once } from "./claims.ts";
import { approve, type Script } from "./play.ts";
import type { Scenario } from "./scenarios.ts";

/** The four phases of Mint Rank5+. */
export const rank5plusScenarios: readonly Scenario[] = [
  {
    plan: "mint-rank5plus",
    name: "four phases, one after the other",
    outcome: "SUCCEEDED",
    script: () => ({}),
    problems: (played) =>
      failing({
        "it is complete": played.complete,
        "five phases passed": count(played, "phase.end") === 5,
        "each of seven loops has its receipts": loopsIn(played.records) === 7,
        "the tunnel was applied once": played.effects.filter((line) => line.includes("up tunnel")).length === 1,
      }),
  },
  {
    plan: "mint-rank5plus",
    name: "a route is down for 61 s: its phase is rolled back",
    outcome: "ROLLED_BACK",
    script: () => outage(61_000, "end"),
    problems: (played) =>
      failing({
        "the stop fired": count(played, "stop.fire", "health") === 1,
        "only phase 4 was rolled back": count(played, "rollback.start") === 1 && isOfPhase(played.records),
        "the old tunnel was brought back": played.effects.filter((line) => line.includes("up tunnel")).length === 2,
        "the stacks of phase 2 still run": !played.effects.some((line) => line.includes("down auth")),
      }),
  },
  {
    plan: "mint-rank5plus",
    name: "a route is down for 59 s: nothing is rolled back",
    outcome: "SUCCEEDED",
    script: () => outage(59_000, "again"),
    problems: (played) =>
      failing({
        "no stop fired": count(played, "stop.fire") === 0,
        "nothing was undone": count(played, "undo.intent") === 0,
      }),
  },
  {
    plan: "mint-rank5plus",
    name: "the tailnet is lost in phase 2: a pause, and on by itself",
    outcome: "SUCCEEDED",
    script: () => {
      const begins = once((record) => record.type === "phase.start" && record.step === "core-services");
      return {
        answer: (asked) => (asked.choices.includes("again") ? { say: "again", afterMs: 60_000 } : approve(asked)),
        onRecord: (record, { clock, practice: { estate } }) => {
          if (!begins(record)) return;
          estate.fault("ops-gaps.claim", "once");
          estate.write(
            "tailscale",
            "100.79.183.10   operator   linux   -\n100.79.183.14   mint-apps   linux   offline\n",
          );
          clock.after(120_000, () => estate.write("tailscale", TAILNET));
        },
      };
    },
    problems: (played) =>
      failing({
        "it was paused": count(played, "stop.fire", "tailscale-lost") === 1,
        "for as long as the tailnet was gone": played.virtualMs > 120_000,
      }),
  },
];

const TAILNET = "100.79.183.10   operator   linux   -\n100.79.183.14   mint-apps   linux   active\n";

/**
 * A route that closes its connections for so long, while the last checkpoint is held for another reason and the stop
 * has seen the route well.
 */
function outage(ms: number, say: "again" | "end"): Script {
  const begins = once(() => true);
  const isWatched = once((record) => record.type === "stop.sample" && record.step === "health");
  return {
    onRecord: (record, { clock, practice: { estate } }) => {
      if (begins(record)) estate.fault("ops-verify.core.run", "once");
      if (!isWatched(record)) return;
      clock.after(500, () => estate.mode("edge-auth", "down"));
      clock.after(500 + ms, () => estate.mode("edge-auth", "ok"));
    },
    answer: (asked) => (asked.choices.includes(say) ? { say, afterMs: 90_000 } : approve(asked)),
  };
}

function loopsIn(records: readonly unknown[]): number {
  return new Set(JSON.stringify(records).match(/"item":"LOOP-MINT-[A-Z0-9-]+"/g) ?? []).size;
}

function isOfPhase(records: readonly { readonly type: string; readonly data: object }[]): boolean {
  return records.some(
    ({ type, data }) => type === "rollback.start" && Reflect.get(data, "scope") === "infra-migration",
  );
}
