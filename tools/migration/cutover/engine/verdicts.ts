import type { Verdict } from "../journal/record.ts";

/** FAIL is worse than UNKNOWN, which is worse than PASS; nothing at all is UNKNOWN. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("FAIL")) return "FAIL";
  return verdicts.includes("UNKNOWN") || verdicts.length === 0 ? "UNKNOWN" : "PASS";
}
