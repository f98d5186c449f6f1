import { layMintProd } from "./mint-prod.ts";
import type { Practice } from "./practice.ts";
import { layRank5plus } from "./rank5plus.ts";
import { layStation56 } from "./station56.ts";
import { layStep22 } from "./step22.ts";

/** How the world of each plan is laid into a folder. */
export const LAYERS: Readonly<Record<Practice["plan"], (dir: string) => Promise<Practice>>> = {
  station56: layStation56,
  "mint-rank5plus": layRank5plus,
  "mint-prod-cutover": layMintProd,
  step22: layStep22,
};

/** The plans there are, in the order in which one learns them. */
export const PLANS = Object.keys(LAYERS) as readonly Practice["plan"][];
