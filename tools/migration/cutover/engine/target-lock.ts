import { join } from "node:path";
import { MigrationError } from "../../model/errors.ts";
import type { TargetLock } from "../plan/plan.ts";
import {
  releaseTargetLock,
  type TargetAnswer,
  type TargetLockPlace,
  type TargetOwner,
  takeTargetLock,
} from "../process/target-lock.ts";
import type { Run } from "./run.ts";

/**
 * Takes the lock on what the plan changes, where it names one (F71). LOCK_HELD where another run has it, or where nobody
 * can tell: before anything is changed that is as safe as waiting. `taken` is called in the first case.
 */
export async function lockTarget(run: Run, taken: (run: Run) => void): Promise<void> {
  const { lock } = run.plan;
  if (lock === undefined) return;
  // A person has signed that the driver before this one is gone.
  const force = run.parts.journal.records.some(({ type }) => type === "takeover");
  run.parts.crash.reach("before-lock", "target");
  const answer = await run.clock.during(takeTargetLock(placeOf(run, lock), ownerOf(run), { force }));
  run.parts.crash.reach("after-lock", "target");
  if (answer.state === "held") return;
  if (answer.state === "other") taken(run);
  throw refusal(lock, answer);
}

/** Gives it back; what cannot be given back is said, because the cutover itself has ended. */
export async function unlockTarget(run: Run): Promise<void> {
  const { lock } = run.plan;
  if (lock === undefined) return;
  run.parts.crash.reach("before-unlock", "target");
  const answer = await run.clock.during(releaseTargetLock(placeOf(run, lock), { run: run.parts.directory.id }));
  run.parts.crash.reach("after-unlock", "target");
  if (answer.state === "held") return;
  const why = answer.state === "other" ? `it belongs to ${answer.owner}` : answer.reason;
  run.urgent({
    type: "note",
    step: null,
    attempt: null,
    data: { code: "OTHER", text: `the lock ${whereOf(lock)} was not given back: ${why}` },
  });
}

function placeOf(run: Run, { host, path }: TargetLock): TargetLockPlace {
  const { directory, root } = run.parts;
  const name = `${run.nextNumber()}-target-lock.1`;
  const destination = host === undefined ? undefined : (run.hosts().get(host) ?? host);
  return {
    path,
    cwd: destination === undefined ? root : null,
    folder: join(directory.steps, name),
    ssh: destination === undefined ? null : { destination, options: [], folder: `${directory.id}/${name}` },
  };
}

function ownerOf(run: Run): TargetOwner {
  const { lock, journal, directory } = run.parts;
  const { host, fence, since } = lock.driver;
  const { seq, hash } = journal.head;
  const user = journal.records.at(-1)?.user ?? "";
  return { change: run.plan.id, run: directory.id, host, user, since, fence, head: { seq, hash } };
}

function refusal(lock: TargetLock, answer: Exclude<TargetAnswer, { state: "held" }>): MigrationError {
  if (answer.state === "other") {
    return new MigrationError("LOCK_HELD", {
      message: `The target is locked by another run (${whereOf(lock)}): ${answer.owner}`,
      remedy:
        "Wait until it has ended, or go on with it where it began: `candor cutover resume --run <run>`. Where its host is gone for good: `candor cutover take-over`, then resume.",
    });
  }
  return new MigrationError("LOCK_HELD", {
    message: `The lock on the target (${whereOf(lock)}) cannot be asked: ${answer.reason}`,
    remedy: "Make the host reachable, then `candor cutover resume`.",
  });
}

function whereOf({ host, path }: TargetLock): string {
  return host === undefined ? path : `${host}:${path}`;
}
