import type { Check, FindingPlace } from "../model/finding.ts";
import type { Tuning } from "./tuning.ts";

/** What a scan looks at. */
export interface ScanOptions {
  readonly command: string;
  readonly runId: string;
  /** Candidate directory, relative to the project root unless absolute; a link is followed, and may not move meanwhile. */
  readonly input: string;
  /** Modules to scan; empty means all. */
  readonly modules: readonly string[];
  readonly checks: ReadonlySet<Check>;
  /** Level of verification for the report (FORMATS.md, section 8). */
  readonly level: string;
  /** Worker threads for a candidate that is not small; one per core where it is left out. */
  readonly workers?: number;
  /** Left out where the command cannot be stopped and resumed. */
  readonly pause?: PauseOptions;
  readonly tuning?: Partial<Tuning>;
  /** Called before bytes that look wrong are read once more. */
  readonly onMismatch?: (place: FindingPlace) => void;
}

/** How a scan is stopped and taken up again. */
export interface PauseOptions {
  /** Milliseconds after which the scan stops at the end of the ranges under way; undefined means never. */
  readonly maxMs: number | undefined;
  /** True to go on where the last scan was stopped or killed. */
  readonly resume: boolean;
}
