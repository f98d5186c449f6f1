import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { endLeft } from "../process/left-command.ts";
import type { Run } from "./run.ts";
import { isStorageFault } from "./storage-fault.ts";

/** What finishes by itself and is safe beside a second one: people are told, a lock is taken or given back. */
const LEFT_ALONE = /^[0-9]+-(notify|target-lock)\./;
/** Samples of stops are not kept, so their folders are named anew by each driver. */
const SAMPLE = /^0-/;

/**
 * Ends the reads that a driver before this one has left running. They are asked anew, and two of them at once may be in
 * each other's way: a scan writes its report, a drill takes a port. Steps and undos are found out about, never ended.
 */
export async function endLeftReads(run: Run): Promise<void> {
  const { steps } = run.parts.directory;
  const found = numbersToFind(run);
  const reads = readdirSync(steps).filter((name) => !LEFT_ALONE.test(name) && !found.has(Number.parseInt(name, 10)));
  const ended = await run.clock.during(Promise.all(reads.map((name) => endRead(run, name))));
  for (const name of reads.filter((_, at) => ended[at])) tell(run, name);
}

/** Numbers of what was begun and has no end: `recover` finds out what came of it. */
function numbersToFind({ state }: Run): ReadonlySet<number> {
  const begun = [...state.attempts, ...state.undos.values()].filter(({ end }) => end === undefined);
  return new Set(begun.map(({ intent }) => intent.number));
}

async function endRead(run: Run, name: string): Promise<boolean> {
  const { id, steps } = run.parts.directory;
  try {
    const wasRunning = await endLeft(join(steps, name), `${id}/${name}`);
    if (SAMPLE.test(name)) rmSync(join(steps, name), { recursive: true, force: true });
    return wasRunning;
  } catch {
    // A read that stays is a nuisance; it must not keep a rollback from going on.
    return false;
  }
}

function tell(run: Run, name: string): void {
  const text = `ended ${name}, a read that the driver before had left running`;
  try {
    run.record({ type: "note", step: null, attempt: null, data: { code: "LEFT_BEHIND", text } });
  } catch (error) {
    // What the walk writes next says the same to whoever can act on it.
    if (!isStorageFault(error)) throw error;
  }
}
