import type { Check, FindingPlace } from "../model/finding.ts";

/** What a scan looks at. */
export interface ScanOptions {
  readonly command: string;
  readonly runId: string;
  /** Candidate directory, relative to the project root unless absolute. */
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
  readonly limits?: Partial<ScanLimits>;
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

/** Sizes that decide how a candidate is scanned, never what is found; in bytes of data. */
export interface ScanLimits {
  /** Below it the main thread scans: starting a worker takes as long as reading 16 MiB. */
  readonly smallBytes: number;
  /** Below it the authority judges faster than a matcher is compiled. */
  readonly tinyBytes: number;
  /** Data of one range: small enough to share evenly and to bound the findings under way. */
  readonly rangeBytes: number;
}

const MIB = 1024 * 1024;

/** The limits unless told otherwise. */
export const SCAN_LIMITS: ScanLimits = { smallBytes: 16 * MIB, tinyBytes: MIB, rangeBytes: 8 * MIB };
