import type { ErrorCode } from "./model/errors.ts";

/** The exit codes of every command; OPERATIONS.md prints the same table, held equal by a test. */
export const EXIT_CODES = [
  { code: 0, meaning: "success" },
  { code: 1, meaning: "failed; nothing was published" },
  { code: 2, meaning: "wrong use or wrong configuration; nothing was touched" },
  { code: 16, meaning: "BLOCKER findings in the data (or WARNINGs with --fail-on warning), or a difference was found" },
  { code: 17, meaning: "could not verify: something could not be read, or the time was over" },
  { code: 20, meaning: "HOLD: the cutover waits for a person" },
  { code: 21, meaning: "the cutover was rolled back" },
  { code: 22, meaning: "the rollback of the cutover failed; undos are left to run one by one" },
  { code: 30, meaning: "another run holds the lock" },
  { code: 130, meaning: "interrupted" },
] as const;

/** An exit code of the table. */
export type ExitCode = (typeof EXIT_CODES)[number]["code"];

const BY_ERROR: Readonly<Record<ErrorCode, ExitCode>> = {
  USAGE: 2,
  CONFIG_MISSING: 2,
  CONFIG_INVALID: 2,
  PROJECT_EXISTS: 2,
  REGISTRY_MISSING: 2,
  REGISTRY_INVALID: 2,
  SOURCE_INVALID: 2,
  LIVE_POINTER: 2,
  TARGET_UNFIT: 2,
  RESUME_REFUSED: 2,
  CANDIDATE_EXISTS: 2,
  CANDIDATE_MISSING: 2,
  DISK_SPACE: 1,
  DISK_FULL: 1,
  NOT_WRITABLE: 1,
  IO: 1,
  SOURCE_READ: 1,
  DRIVER_MISSING: 2,
  CONNECTION_LOST: 17,
  TARGET_INVALID: 2,
  TARGET_EXISTS: 2,
  TARGET_WRITE: 1,
  VALUE_INVALID: 1,
  READ_BACK: 1,
  POINTER_MOVED: 1,
  SWAP_FAILED: 1,
  SQL_FAILED: 1,
  FILE_CHANGED: 1,
  RECEIPT_INVALID: 16,
  LEDGER: 1,
  INJECTED_FAILURE: 1,
  INTERNAL: 1,
  WORKER_LOST: 1,
  PLAN_INVALID: 2,
  PLAN_CHANGED: 2,
  REFUSED: 2,
  UNVERIFIABLE: 17,
  NOT_PROVED: 17,
  TIME_OVER: 17,
  RUN_MISSING: 2,
  JOURNAL_DAMAGED: 17,
  EVIDENCE_TRUNCATED: 20,
  LOCK_HELD: 30,
  INTERRUPTED: 130,
};

/** The exit code for a coded error. */
export function exitCodeOf(code: ErrorCode): ExitCode {
  return BY_ERROR[code];
}
