import type { JsonObject } from "../../model/json.ts";
import type { Verb } from "../plan/action.ts";
import { flipDriver } from "./flip.ts";
import { httpDriver } from "./http.ts";
import { manualDriver } from "./manual.ts";
import { restoreDriver } from "./restore.ts";
import { seeDriver } from "./see.ts";
import { shellDriver } from "./shell.ts";
import { sqlDriver } from "./sql.ts";
import type { Intent, VerbContext, VerbDriver, VerbResult } from "./verb.ts";
import { waitDriver } from "./wait.ts";

/** A verb with its driver, so that nobody needs to know which it is. */
export interface BoundVerb {
  readonly prepare: (context: VerbContext) => Promise<Intent>;
  readonly run: (context: VerbContext, intent: Intent) => Promise<VerbResult>;
  readonly recover: (context: VerbContext, intent: Intent) => Promise<VerbResult | undefined>;
  readonly undo: ((context: VerbContext, intent: Intent) => Promise<VerbResult>) | undefined;
  readonly undoProblems:
    | ((context: VerbContext, preImage: JsonObject | null) => Promise<readonly string[]>)
    | undefined;
}

/** The driver of a verb. */
export function driverOf(verb: Verb): BoundVerb {
  switch (verb.kind) {
    case "probe":
    case "sh":
      return bound(verb, shellDriver);
    case "sql":
      return bound(verb, sqlDriver);
    case "http":
      return bound(verb, httpDriver);
    case "manual":
      return bound(verb, manualDriver);
    case "wait":
      return bound(verb, waitDriver);
    case "restore":
      return bound(verb, restoreDriver);
    case "see":
      return bound(verb, seeDriver);
    case "flip":
      return bound(verb, flipDriver);
  }
}

function bound<V extends Verb>(verb: V, driver: VerbDriver<V>): BoundVerb {
  const { undo, undoProblems } = driver;
  return {
    prepare: (context) => driver.prepare(verb, context),
    run: (context, intent) => driver.run(verb, context, intent),
    recover: (context, intent) => driver.recover(verb, context, intent),
    undo: undo === undefined ? undefined : (context, intent) => undo(verb, context, intent),
    undoProblems: undoProblems === undefined ? undefined : (context, preImage) => undoProblems(verb, context, preImage),
  };
}
