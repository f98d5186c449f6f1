import type { Played, Script } from "./play.ts";
import type { Practice } from "./practice.ts";
import { mintProdScenarios } from "./scenarios-mint-prod.ts";
import { rank5plusScenarios } from "./scenarios-rank5plus.ts";
import { station56Scenarios } from "./scenarios-station56.ts";
import { step22Scenarios } from "./scenarios-step22.ts";

/** One play of a plan, with what must come of it. */
export interface Scenario {
  readonly plan: Practice["plan"];
  readonly name: string;
  readonly script: () => Script;
  readonly outcome: string;
  /** Sentences about what is not as it should be. */
  readonly problems?: (played: Played, practice: Practice) => readonly string[];
}

/** Every play of the drill. */
export const SCENARIOS: readonly Scenario[] = [
  ...station56Scenarios,
  ...rank5plusScenarios,
  ...mintProdScenarios,
  ...step22Scenarios,
];
