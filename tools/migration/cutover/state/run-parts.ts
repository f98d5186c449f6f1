import type { StepEnd, StepIntent, UndoIntent } from "../journal/record.ts";

/** One try of a step; without `end` nobody has seen its end yet. */
export interface Attempt {
  readonly key: string;
  readonly step: string;
  readonly attempt: number;
  readonly seq: number;
  readonly intent: StepIntent;
  isSpawned: boolean;
  end: (StepEnd & { readonly seq: number }) | undefined;
  /** True once a rollback has taken it back, or found nothing to take back. */
  isUndone: boolean;
}

/** One try of one action of an undo. */
export interface UndoAttempt {
  readonly key: string;
  readonly attempt: number;
  readonly seq: number;
  readonly intent: UndoIntent;
  end: (StepEnd & { readonly seq: number }) | undefined;
}

/** A record with its number and time. */
export type Kept<T> = T & { readonly seq: number; readonly at: string };

/** How far a phase is. */
export interface PhaseState {
  readonly status: "running" | "passed" | "failed" | "rolled-back";
  /** Sequence number of its last `phase.start`: what is older belongs to an earlier round. */
  readonly since: number;
  /** Verdicts of the `was` checks at its start. */
  readonly running: Readonly<Record<string, unknown>>;
}

/** A HOLD that nobody has answered. */
export interface OpenHold {
  readonly seq: number;
  readonly subject: string;
  readonly reason: string;
  readonly choices: readonly string[];
  readonly code: string | null;
  readonly checks?: readonly string[];
}

/** A HOLD about checks that was left: by a signature, or because they pass by now. */
export interface Answered {
  readonly seq: number;
  readonly checks: readonly string[];
}

/** A rollback: begun, perhaps ended. */
export interface RollbackState {
  readonly scope: string;
  readonly cause: string;
  readonly seq: number;
  result: "done" | "failed" | undefined;
  left: readonly string[];
}

/** What another command asked of the run: a HOLD, or a rollback with its scope. */
export interface Asked {
  readonly seq: number;
  readonly command: "hold" | "rollback";
  /** `run`, or the id of a phase. */
  readonly scope: string;
  readonly reason: string;
}
