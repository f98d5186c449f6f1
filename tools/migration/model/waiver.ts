import type { FindingCode } from "./finding-codes.ts";

/** A fault that a named person accepts until a date. */
export interface Waiver {
  readonly code: FindingCode;
  readonly module: string | undefined;
  /** Target UUID or legacy id; `*` at the end matches any rest. */
  readonly id: string | undefined;
  readonly owner: string;
  readonly reason: string;
  /** Last day on which it counts, `YYYY-MM-DD`. */
  readonly expires: string;
}
