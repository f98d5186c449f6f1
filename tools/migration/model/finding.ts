import { FINDING_CODES, type FindingCode } from "./finding-codes.ts";

/** How much a finding weighs; only a BLOCKER stops a migration. */
export type Severity = "INFO" | "WARNING" | "BLOCKER";

/** The kind of check a finding comes from; `FINDING_CODES` gives each code its check. */
export type Check =
  | "source"
  | "mapping"
  | "registry"
  | "layout"
  | "encoding"
  | "order"
  | "digests"
  | "chunks"
  | "merkle"
  | "schema"
  | "references"
  | "invariants"
  | "pii"
  | "drift"
  | "target"
  | "waivers";

/** Where a finding is and what it says; every field is free of personal values. */
export interface FindingPlace {
  readonly module?: string;
  /** Target UUID of the entity. */
  readonly id?: string;
  /** Legacy id of the source record, left out where it looks like a personal value. */
  readonly legacyId?: string;
  /** Number of the source record in its collection, from 1. */
  readonly record?: number;
  /** JSON Pointer or field name. */
  readonly field?: string;
  /** Path relative to the candidate or the project, with forward slashes. */
  readonly file?: string;
  /** Number of the line in `file`, from 1. */
  readonly line?: number;
  /** Number of the chunk in chunks.jsonl, from 0. */
  readonly chunk?: number;
  /** Byte offset in `file`. */
  readonly offset?: number;
  /** Name of the invariant, detector or schema keyword that found it. */
  readonly rule?: string;
  readonly expected?: string;
  readonly got?: string;
}

/** One fault in the data: collected, never thrown. */
export interface Finding extends FindingPlace {
  readonly code: FindingCode;
  readonly check: Check;
  readonly severity: Severity;
  readonly message: string;
}

/** Makes a finding of `code` with its check and default severity. */
export function finding(code: FindingCode, place: FindingPlace, severity?: Severity): Finding {
  const entry = FINDING_CODES[code];
  return { code, check: entry.check, severity: severity ?? entry.severity, message: entry.title, ...place };
}

/** Receives findings in a deterministic order; must not keep them in memory without bound. */
export type FindingSink = (found: Finding) => void;
