/** Why the walk through a plan ends before its end; thrown, because it may come at any depth. */
export type DiversionCause =
  | { readonly kind: "rollback"; readonly scope: string; readonly cause: string }
  | { readonly kind: "held" }
  | { readonly kind: "aborted"; readonly reason: string | null }
  | { readonly kind: "interrupted" }
  | { readonly kind: "until"; readonly phase: string };

/** Leaves the walk; not an error. */
export class Diversion {
  readonly cause: DiversionCause;

  constructor(cause: DiversionCause) {
    this.cause = cause;
  }
}

/** Scope of a rollback of everything. */
export const WHOLE_RUN = "run";
