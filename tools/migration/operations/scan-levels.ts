import type { Check } from "../model/finding.ts";

/** Everything: what `scan-all` and `scan-module` check. */
export const ALL_CHECKS: ReadonlySet<Check> = new Set<Check>([
  "layout",
  "encoding",
  "order",
  "digests",
  "chunks",
  "merkle",
  "schema",
  "references",
  "invariants",
  "pii",
  "drift",
  "registry",
  "waivers",
]);
/** What `verify-checksums` checks: everything that is hashed, up to the run root; needs no configuration. */
export const VERIFY_CHECKS: ReadonlySet<Check> = new Set<Check>(["layout", "order", "digests", "chunks", "merkle"]);
/** What `scan-pii` checks. */
export const PII_CHECKS: ReadonlySet<Check> = new Set<Check>(["encoding", "pii", "waivers"]);
/** What `scan-drift` checks. */
export const DRIFT_CHECKS: ReadonlySet<Check> = new Set<Check>(["encoding", "drift", "waivers"]);

/** Checks that need the configuration of a project. */
export const DATA_CHECKS: readonly Check[] = ["schema", "references", "invariants", "pii", "drift", "registry"];

/** The levels of `verify-checksums`, each with the checks of the one before and more (FORMATS.md, section 8). */
export const VERIFY_LEVELS = {
  quick: new Set<Check>(["layout", "merkle"]),
  scrub: new Set<Check>(["layout", "chunks", "merkle"]),
  verify: VERIFY_CHECKS,
  deep: ALL_CHECKS,
} as const satisfies Record<string, ReadonlySet<Check>>;

/** A level of `verify-checksums`. */
export type VerifyLevel = keyof typeof VERIFY_LEVELS;

/** True for a level that reads no entities. */
export function isBelowVerify(level: string): level is "quick" | "scrub" {
  return level === "quick" || level === "scrub";
}
