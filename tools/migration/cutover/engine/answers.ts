import type { JsonObject } from "../../model/json.ts";
import type { Check } from "../plan/action.ts";
import { parseCheck } from "../plan/parse-action.ts";
import { Part } from "../plan/part.ts";
import type { Plan } from "../plan/plan.ts";
import { everyAction } from "../plan/walk.ts";
import { ask } from "./checks.ts";
import type { Run } from "./run.ts";

/** I6: hosts and databases that the plan acts on and that do not answer, a sentence each. */
export async function silentPlaces(run: Run): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const { check, what } of placesOf(run.plan)) {
    const verdict = await ask(run, check, { place: "way-back", within: "preflight", phase: undefined });
    if (verdict !== "PASS") problems.push(`${what} does not answer`);
  }
  return problems;
}

interface Place {
  readonly check: Check;
  readonly what: string;
}

/** Each host and each connection that anything of the plan uses, once, in the order of the plan. */
function placesOf(plan: Plan): readonly Place[] {
  const hosts = new Set<string>();
  const databases = new Set<string>();
  for (const { action } of everyAction(plan)) {
    const { verb } = action;
    if ("on" in verb && verb.on !== undefined) hosts.add(verb.on);
    if (verb.kind === "sql") databases.add(verb.db);
    if (verb.kind === "flip" && verb.flip.kind === "schema") databases.add(verb.flip.db);
  }
  const connections = [...databases].filter((name) => plan.dbs.get(name)?.kind === "server");
  return [
    ...[...hosts].map((on) => placeOf(`host ${on}`, { on, probe: "echo here", out: "/^here$/m", timeout: "30s" })),
    ...connections.map((db) =>
      placeOf(`database ${db}`, { db, sql: "SELECT 'here'", read: true, out: "/^here$/m", timeout: "30s" }),
    ),
  ];
}

function placeOf(what: string, raw: JsonObject): Place {
  const source = { value: raw, lineOf: () => 1, writtenAt: () => undefined };
  return { what, check: parseCheck(new Part(raw, "", source), what) };
}
