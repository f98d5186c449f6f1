import { MigrationError } from "../../model/errors.ts";
import type { JsonObject } from "../../model/json.ts";
import { driverState } from "../journal/driver-lock.ts";
import { isWaiting, putRequest, removeRequest } from "../journal/inbox.ts";
import { readJournal } from "../journal/read-journal.ts";
import type { JournalRecord, Verdict } from "../journal/record.ts";
import { openRunDirectory, type RunDirectory } from "../journal/run-directory.ts";
import { type DriverOptions, onlyOpenRun, openRun } from "./open-run.ts";
import { takeRequests } from "./requests.ts";
import { refused } from "./signatures.ts";

/** How long a living driver may take to answer. */
export const ANSWER_LIMIT_MS = 60_000;
const POLL_MS = 100;

/** One gate as it stands now. */
export interface EvaluatedGate {
  readonly gate: string;
  readonly verdict: Verdict;
  readonly by: readonly string[];
  /** What did not pass, a sentence each. */
  readonly missing: readonly string[];
}

/** What a request did. */
export interface Answered {
  readonly lines: readonly string[];
  /** Gates that were evaluated, in the order of the plan. */
  readonly gates: readonly EvaluatedGate[];
}

/**
 * Asks something of a run. A living driver takes it from the inbox; where there is none, this process takes the lock and
 * the request itself. REFUSED with the driver's words.
 */
export async function request(
  options: DriverOptions,
  id: string | undefined,
  asked: { readonly command: string; readonly body: JsonObject },
): Promise<Answered> {
  const directory = openRunDirectory(options.root, id ?? onlyOpenRun(options.root));
  const before = readJournal(directory).head.seq;
  const ticket = putRequest(directory, options.clock, asked);
  const state = driverState(directory);
  if (state === "alive" || state === "foreign") await answerOf(options, directory, ticket, state);
  else await takeHere(options, directory, ticket);
  const all = readJournal(directory).records;
  const records = all.filter((record) => record.seq > before);
  const refusal = records.find(
    (record) => record.type === "request" && record.data.id === ticket && record.data.command === "refused",
  );
  if (refusal?.type === "request") throw refused(String(refusal.data.body["reason"]));
  const follows = asked.command === "rollback" ? whatFollows(directory.id, all) : [];
  return { lines: [...records.flatMap(lineOf), ...follows], gates: records.flatMap(gateOf) };
}

async function answerOf(options: DriverOptions, directory: RunDirectory, ticket: string, state: string): Promise<void> {
  const { clock } = options;
  const endMs = clock.monoMs() + ANSWER_LIMIT_MS;
  while (isWaiting(directory, ticket)) {
    if (driverState(directory) === "dead" || driverState(directory) === "none")
      return takeHere(options, directory, ticket);
    if (clock.monoMs() > endMs || options.interrupted.aborted) {
      removeRequest(directory, ticket);
      throw new MigrationError("LOCK_HELD", {
        message: `The driver of the run did not answer${state === "foreign" ? "; it is on another host" : ""}. The request was withdrawn.`,
        remedy: "`candor cutover status` shows it; `candor cutover take-over` puts a driver aside that is gone.",
      });
    }
    await clock.sleep(POLL_MS);
  }
}

async function takeHere(options: DriverOptions, directory: RunDirectory, ticket: string): Promise<void> {
  const run = openRun(options, directory.id);
  try {
    await takeRequests(run);
  } finally {
    await run.close();
  }
  if (isWaiting(directory, ticket)) removeRequest(directory, ticket);
}

function lineOf(record: JournalRecord): readonly string[] {
  switch (record.type) {
    case "sign":
      return [
        `signed ${record.data.role} (${record.data.name}): ${record.data.say} ${record.data.about}; head ${record.data.head}`,
      ];
    case "deviation":
      return [`deviation: ${record.data.commit ?? record.data.text}`];
    case "stop.fire":
      return [`stop ${record.step}: ${record.data.action}${record.data.acted ? "" : " (recorded only)"}`];
    case "request":
      return [`taken: ${record.data.command}`];
    default:
      return [];
  }
}

/** What a rollback means for a run that has ended (F44, F45): only one that succeeded is taken back, by the next driver. */
function whatFollows(id: string, records: readonly JournalRecord[]): readonly string[] {
  const end = records.findLast((record) => record.type === "run.end");
  if (end === undefined) return [];
  if (end.data.outcome === "SUCCEEDED") return [`next: \`candor cutover resume --run ${id}\` rolls it back.`];
  return [`nothing to roll back: the run has ended (${end.data.outcome})`];
}

function gateOf(record: JournalRecord): readonly EvaluatedGate[] {
  if (record.type !== "gate") return [];
  const { verdict, by, items } = record.data;
  const open = items.filter((item) => item.verdict !== "PASS");
  const missing = open.map(({ name, reason, verdict: is }) => `${name}: ${reason ?? is}`);
  return [{ gate: record.step ?? "", verdict, by, missing }];
}
