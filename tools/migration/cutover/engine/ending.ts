import type { RunOutcome } from "../journal/record.ts";

/** How driving a run ended: one outcome, or why it goes on later. */
export interface Ending {
  readonly outcome: RunOutcome | "INTERRUPTED" | "UNTIL";
  readonly reason: string | null;
}
