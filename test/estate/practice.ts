import type { Estate } from "./estate.ts";

/** An estate laid for one plan, with what the plan wants to be given. */
export interface Practice {
  readonly estate: Estate;
  /** Name of the plan in migration/cutover, without its ending. */
  readonly plan: "station56" | "mint-rank5plus" | "mint-prod-cutover" | "step22";
  readonly vars: Readonly<Record<string, string | readonly string[]>>;
  /** Principals of the roles that the plan leaves open. */
  readonly roles: Readonly<Record<string, string>>;
}
