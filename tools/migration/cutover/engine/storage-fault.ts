import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MigrationError } from "../../model/errors.ts";
import type { CutoverRecord, JournalRecord } from "../journal/record.ts";
import type { Ending } from "./ending.ts";
import { escalate } from "./escalate.ts";
import type { Run } from "./run.ts";

/** How long the end of something that ran is tried to be written down while the disk is full. */
export const END_LIMIT_MS = 60_000;
/** What a HOLD for a full or read-only disk is about. */
export const STORAGE = "storage";

/** True for a journal that cannot be written: nothing may be begun that it was to announce. */
export function isStorageFault(error: unknown): error is MigrationError {
  return error instanceof MigrationError && ["DISK_FULL", "NOT_WRITABLE", "IO"].includes(error.code);
}

/** Ends the driver in HOLD, with a record where there is still room for one (F60, F63); people are told in any case. */
export async function holdForStorage(run: Run, error: MigrationError): Promise<Ending> {
  const reason = `nothing more is begun: ${error.message}`;
  try {
    run.urgent({ type: "hold", step: STORAGE, attempt: null, data: { reason, choices: [], code: error.code } });
  } catch (again) {
    if (!isStorageFault(again)) throw again;
  }
  run.parts.say(`HOLD ${STORAGE}: ${reason}`);
  run.parts.say("  make room, or the folder writable; then candor cutover resume");
  await escalate(run, `HOLD ${STORAGE}: ${reason}`, mkdtempSync(join(tmpdir(), "candor-notify-")));
  return { outcome: "HOLD", reason };
}

/**
 * Writes the end of something down. While the journal cannot take it the result waits here and in the files of its
 * command, and is tried again (F61); after a minute the fault goes on, and the next driver reads the files.
 */
export async function recordEnd(run: Run, body: CutoverRecord): Promise<JournalRecord> {
  const endMs = run.clock.monoMs() + END_LIMIT_MS;
  for (;;) {
    try {
      return run.urgent(body);
    } catch (error) {
      const { interrupted } = run.parts.options;
      if (!isStorageFault(error) || run.clock.monoMs() >= endMs || interrupted.aborted) throw error;
      run.parts.say(`the end of ${body.step} waits to be written down: ${error.message}`);
      await run.clock.sleep(1000, interrupted);
    }
  }
}
