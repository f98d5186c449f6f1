import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MigrationError } from "../../model/errors.ts";
import { isJsonObject, type JsonObject } from "../../model/json.ts";
import { runStatement, type StatementEnd, transactionState } from "../../operations/run-statement.ts";
import { writeFileAtomic } from "../../stores/atomic-file.ts";
import type { SqlVerb } from "../plan/action.ts";
import { commitsItself } from "../plan/lint-sql.ts";
import { namesIn } from "../plan/placeholders.ts";
import { resultAt, type Stamp, stamp } from "./results.ts";
import { fill, valueFor } from "./values.ts";
import type { OutputFile, VerbContext, VerbResult } from "./verb.ts";

type Place = Parameters<typeof runStatement>[0];

/** What is durable before the commit: with it another driver finds out what came of the transaction. */
const COMMITTING = "committing";
const LOOKS = 20;
const LOOK_MS = 250;

/** A statement over a connection of this tool, in a transaction of its own; its row count is asked before the commit. */
export async function runInTransaction(place: Place, verb: SqlVerb, context: VerbContext): Promise<VerbResult> {
  const start = stamp(context);
  const { isRead, rows, statement } = verb;
  const sql = fill(statement, context);
  const time = context.timeoutMs > 0 ? AbortSignal.timeout(context.timeoutMs) : undefined;
  const signal = AbortSignal.any([context.signal, ...(time === undefined ? [] : [time])]);
  mkdirSync(context.folder, { recursive: true, mode: 0o700 });
  const ended = await context.clock.during(
    runStatement(place, {
      sql,
      isRead,
      rows,
      signal,
      commitsItself: !isRead && place.kind === "mysql" && commitsItself(statement),
      committing: (transaction, found) => {
        keepRows(found.rows, context);
        const text = `${JSON.stringify({ transaction, rows: found.count })}\n`;
        writeFileAtomic(join(context.folder, COMMITTING), text, { mode: 0o600 });
        context.crashPoint("sql.committing");
      },
    }),
  );
  context.crashPoint("sql.committed");
  return resultOf(ended, { verb, context, start, timedOut: time?.aborted === true });
}

/** What came of a statement whose driver was killed: without the mark of a commit there was none, and there will be none. */
export async function recoverTransaction(
  place: Place,
  verb: SqlVerb,
  context: VerbContext,
): Promise<VerbResult | undefined> {
  const path = join(context.folder, COMMITTING);
  if (verb.isRead || !existsSync(path)) return undefined;
  const start = stamp(context);
  const { transaction, rows } = readMark(path);
  const state = typeof transaction === "string" ? await settled(place, transaction, context) : undefined;
  if (state === "aborted") return undefined;
  if (state === "committed" && typeof rows === "number") {
    const out = { path: join(context.folder, "out"), truncated: false };
    return resultAt(start, context, { exit: 0, rows, out, recovered: true });
  }
  const reason = "the driver was killed during the commit, and the server cannot tell what came of it";
  return resultAt(start, context, { outcome: "unknown", reason, recovered: true });
}

/** A connection that broke may take the server a moment to notice. */
async function settled(place: Place, transaction: string, context: VerbContext) {
  for (let look = 1; ; look += 1) {
    const state = await context.clock.during(transactionState(place, transaction));
    if (state !== "in progress" || look === LOOKS) return state;
    await context.clock.sleep(LOOK_MS, context.signal);
  }
}

interface Ending {
  readonly verb: SqlVerb;
  readonly context: VerbContext;
  readonly start: Stamp;
  readonly timedOut: boolean;
}

function resultOf(ended: StatementEnd, { verb, context, start, timedOut }: Ending): VerbResult {
  switch (ended.state) {
    case "done": {
      const out = keepRows(ended.found.rows, context);
      return resultAt(start, context, { exit: 0, rows: ended.found.count, out });
    }
    case "miscounted": {
      const notes = ["the transaction was rolled back; nothing was changed"];
      return resultAt(start, context, { exit: 0, rows: ended.found.count, notes });
    }
    case "failed": {
      // A check that could not be asked is not one that failed.
      const outcome = verb.isRead && ended.reason.startsWith("CONNECTION_LOST") ? "unknown" : "failed";
      const reason = timedOut ? "ended at its time limit; nothing was changed" : `${ended.reason} Nothing was changed.`;
      return resultAt(start, context, { outcome, timedOut, reason });
    }
    case "changed":
      return resultAt(start, context, { outcome: "failed", reason: `SQL_FAILED: ${ended.reason}` });
    case "unknown":
      return resultAt(start, context, {
        outcome: "unknown",
        reason: `nobody can tell whether it was committed: ${ended.reason}`,
      });
  }
}

/** REFUSED where a value of a statement could end the literal that it stands in. */
export function assertLiterals(statement: string, context: VerbContext): void {
  const bad = namesIn(statement).find((name) => /['"`\\;\0]|--|\/\*/.test(valueFor(context, name)));
  if (bad === undefined) return;
  throw new MigrationError("REFUSED", {
    message: `The value of \${${bad}} could be taken for SQL: quotes, semicolons, backslashes and comments are not put into a statement.`,
    remedy: "Give another value, or write it into the plan.",
  });
}

/** The rows as the output of the action. */
function keepRows(rows: readonly (readonly (string | null)[])[], context: VerbContext): OutputFile {
  const path = join(context.folder, "out");
  writeFileAtomic(path, linesOf(rows), { mode: 0o600 });
  return { path, truncated: false };
}

/** A line for each row, cells apart by tabs; NULL as \N, as the copy formats of the engines have it. */
function linesOf(rows: readonly (readonly (string | null)[])[]): string {
  return rows.map((row) => `${row.map(cellOf).join("\t")}\n`).join("");
}

function cellOf(cell: string | null): string {
  if (cell === null) return "\\N";
  return cell.replace(/[\\\t\n\r]/g, (char) => ({ "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" })[char] ?? char);
}

function readMark(path: string): JsonObject {
  const mark: unknown = JSON.parse(readFileSync(path, "utf8"));
  return isJsonObject(mark) ? mark : {};
}
