import type { SqlVerb } from "./action.ts";
import type { LintBook } from "./lint-book.ts";
import type { Plan } from "./plan.ts";
import { everyAction } from "./walk.ts";

/** Statements that MySQL and MariaDB commit by themselves, and what was changed before them. */
const COMMITS_ITSELF =
  /^(?:alter|analyze|cache|change|check|create(?!\s+temporary)|drop(?!\s+temporary)|flush|grant|install|lock|optimize|purge|rename|repair|reset|revoke|truncate|uninstall|unlock)\b/i;
/** Words that begin or end a transaction, which is the tool's to do. */
const TRANSACTION = /^(?:abort|begin|commit|end|prepare\s+transaction|release|rollback|savepoint|start|xa)\b/i;

/** The statement without the comments and blanks it begins with; MySQL and MariaDB run what a comment of `!` holds. */
function body(statement: string): string {
  return statement.replace(/^(?:\s+|--[^\n]*(?:\n|$)|#[^\n]*(?:\n|$)|\/\*M?!\d*|\/\*[\s\S]*?\*\/)+/, "");
}

/** True where MySQL or MariaDB commit such a statement by themselves, so that no rollback takes it back. */
export function commitsItself(statement: string): boolean {
  return COMMITS_ITSELF.test(body(statement));
}

/** Notes row counts that nobody could hold a statement to, and statements that end the transaction they run in. */
export function lintSql(plan: Plan, book: LintBook): void {
  for (const { action } of everyAction(plan)) {
    const { verb, line, name } = action;
    if (verb.kind !== "sql") continue;
    const problem = problemOf(plan, verb);
    if (problem !== undefined) book.error(line, name, problem);
  }
}

function problemOf(plan: Plan, { db, rows, statement }: SqlVerb): string | undefined {
  const database = plan.dbs.get(db);
  if (database === undefined) return undefined;
  if (database.kind === "text") {
    if (rows === undefined) return undefined;
    return `rows are counted inside of a transaction of this tool: give ${db} as {kind, env}, not as a client command`;
  }
  if (TRANSACTION.test(body(statement))) return "begins or ends a transaction, which is done around each statement";
  if (rows !== undefined && database.engine === "mysql" && commitsItself(statement)) {
    return "rows cannot be asked before the commit: MySQL and MariaDB commit such a statement by themselves";
  }
  return undefined;
}
