/** Why an operation could not keep its promise; `exit-codes.ts` gives each code its exit status. */
export type ErrorCode =
  | "USAGE"
  | "CONFIG_MISSING"
  | "CONFIG_INVALID"
  | "PROJECT_EXISTS"
  | "REGISTRY_MISSING"
  | "REGISTRY_INVALID"
  | "SOURCE_INVALID"
  | "CANDIDATE_MISSING"
  | "CANDIDATE_EXISTS"
  | "LIVE_POINTER"
  | "TARGET_UNFIT"
  | "NOT_PROVED"
  | "POINTER_MOVED"
  | "SWAP_FAILED"
  | "SQL_FAILED"
  | "FILE_CHANGED"
  | "RECEIPT_INVALID"
  | "LOCK_HELD"
  | "DISK_SPACE"
  | "DISK_FULL"
  | "NOT_WRITABLE"
  | "IO"
  | "SOURCE_READ"
  | "DRIVER_MISSING"
  | "CONNECTION_LOST"
  | "TARGET_INVALID"
  | "TARGET_EXISTS"
  | "TARGET_WRITE"
  | "VALUE_INVALID"
  | "READ_BACK"
  | "LEDGER"
  | "INJECTED_FAILURE"
  | "WORKER_LOST"
  | "UNVERIFIABLE"
  | "TIME_OVER"
  | "RUN_MISSING"
  | "JOURNAL_DAMAGED"
  | "EVIDENCE_TRUNCATED"
  | "RESUME_REFUSED"
  | "PLAN_INVALID"
  | "PLAN_CHANGED"
  | "REFUSED"
  | "INTERRUPTED"
  | "INTERNAL";

/** What a coded error carries beside its code. */
export interface ErrorDetails {
  /** One sentence: what was being done, with what, expected and got. Never a personal value. */
  readonly message: string;
  /** The literal next command or action. */
  readonly remedy?: string;
  /** Further lines, one problem each, where several were found at once. */
  readonly problems?: readonly string[];
  readonly cause?: unknown;
}

/** The one error class of the toolkit: a broken promise, told apart by `code`, never by text. */
export class MigrationError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string | undefined;
  readonly problems: readonly string[];

  constructor(code: ErrorCode, details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "MigrationError";
    this.code = code;
    this.remedy = details.remedy;
    this.problems = details.problems ?? [];
  }
}

/** The system error code of a failed call (`ENOSPC`, `EACCES`, …), if it has one. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
