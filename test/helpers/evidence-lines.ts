/** The eleven lines of the evidence package of Step 22, in order. */
export const EVIDENCE_LINES: readonly string[] = [
  "Cutover ticket ID",
  "Environment",
  "Operator",
  "Gate results (G1-G5)",
  "T-60 evidence",
  "T-30 evidence",
  "T-10 decision",
  "T0 execution reference",
  "T+10 verification",
  "T+30 closure decision",
  "Rollback trigger (if any)",
];
