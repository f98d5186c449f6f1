import { appendFileSync, truncateSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { MigrationError } from "../../model/errors.ts";
import { fsyncDirectory, toStoreError } from "../../stores/atomic-file.ts";
import { currentOwner } from "../../stores/owner.ts";
import type { Clock } from "../time/clock.ts";
import { JumpSense } from "../time/jump.ts";
import { AppendFile } from "./append-file.ts";
import { BALLAST_BYTES, freeBallast, layBallast } from "./ballast.ts";
import { type Head, NO_RECORDS, sealRecord } from "./chain.ts";
import { HeadFile } from "./head-file.ts";
import type { Mask } from "./mask.ts";
import { readJournal } from "./read-journal.ts";
import { type CutoverRecord, type JournalRecord, RECORD_VERSION } from "./record.ts";
import { networkFolder, type RunDirectory } from "./run-directory.ts";

/** What a journal is opened with. */
export interface JournalOptions {
  readonly clock: Clock;
  readonly mask: Mask;
  /** Room set aside for a full disk. */
  readonly ballastBytes?: number;
  /** A point where the crash tests may end the driver, with the record that is written. */
  readonly crashPoint?: (point: string, record: JournalRecord) => void;
}

/**
 * The record of a run: append-only, chained, durable. Only the holder of the driver's lock opens one; who only reads
 * takes `readJournal`.
 */
export class Journal {
  readonly #run: RunDirectory;
  readonly #options: JournalOptions;
  readonly #file: AppendFile;
  readonly #headFile: HeadFile;
  readonly #records: JournalRecord[];
  readonly #boot: string | null = currentOwner("").bootId;
  readonly #user = userName();
  #head: Head;
  #isBallastFreed = false;
  readonly #jumps: JumpSense;

  /**
   * Opens the journal of `run`, new or not: a torn tail goes to `journal.torn` and a HEAD that is behind is repaired,
   * both with a note. JOURNAL_DAMAGED and EVIDENCE_TRUNCATED where it cannot be trusted.
   */
  constructor(run: RunDirectory, options: JournalOptions) {
    this.#run = run;
    this.#options = options;
    this.#jumps = new JumpSense(options.clock);
    const content = readJournal(run);
    if (content.torn.length > 0) cutTorn(run, content.torn, content.sizeBytes);
    this.#records = [...content.records];
    this.#head = content.head;
    this.#file = new AppendFile(run.journal);
    this.#headFile = new HeadFile(run.head);
    fsyncDirectory(run.path);
    // Given back by a driver before this one, and still no room for it: nothing may be begun yet.
    const wasFreed = this.#records.some(({ type, data }) => type === "note" && data.code === "BALLAST_FREED");
    this.#isBallastFreed = !layBallast(run.ballast, options.ballastBytes ?? BALLAST_BYTES) && wasFreed;
    this.#noteWhatWasFound(content.torn.length, content.isHeadBehind);
  }

  /** All records, the ones of earlier drivers included. */
  get records(): readonly JournalRecord[] {
    return this.#records;
  }

  /** The last record: to be printed, signed and kept elsewhere, because a chain alone does not show a cut tail. */
  get head(): Head {
    return this.#head;
  }

  /**
   * Adds a record and returns once it is durable. DISK_FULL or NOT_WRITABLE where it could not be added: then nothing
   * may be started that the record was to announce.
   */
  append(body: CutoverRecord): JournalRecord {
    // The room that was given back is for what must be said, not for beginning something new.
    if (this.#isBallastFreed && !this.restoreBallast()) throw this.#diskFull();
    return this.#appendNow(body);
  }

  /** As `append`, for what must be said also on a full disk (a result, a HOLD): gives the ballast back and tries again. */
  appendUrgent(body: CutoverRecord): JournalRecord {
    try {
      return this.#appendNow(body);
    } catch (error) {
      if (!(error instanceof MigrationError) || error.code !== "DISK_FULL") throw error;
      this.#isBallastFreed = true;
      if (!freeBallast(this.#run.ballast)) throw error;
      const record = this.#append(body);
      this.#note("BALLAST_FREED", "the disk is full: the room that was set aside was given back");
      return record;
    }
  }

  /** Sets the room aside again, once there is space; false where there is none. */
  restoreBallast(): boolean {
    const isLaid = layBallast(this.#run.ballast, this.#options.ballastBytes ?? BALLAST_BYTES);
    if (isLaid) this.#isBallastFreed = false;
    return isLaid;
  }

  close(): void {
    this.#file.close();
    this.#headFile.close();
  }

  #diskFull(): MigrationError {
    return new MigrationError("DISK_FULL", {
      message: `The disk of the run ${this.#run.id} is full: what was set aside has been used.`,
      remedy: "Make room; then `candor cutover resume`.",
    });
  }

  #appendNow(body: CutoverRecord): JournalRecord {
    this.#noteClockJump();
    return this.#append(body);
  }

  #append(body: CutoverRecord): JournalRecord {
    const { clock, mask } = this.#options;
    const head = {
      v: RECORD_VERSION,
      seq: this.#head.seq + 1,
      prev: this.#head.hash,
      run: this.#run.id,
      at: clock.wall().toISOString(),
      mono: clock.monoMs(),
      boot: this.#boot,
      host: hostname(),
      user: this.#user,
    };
    // Masking changes texts, never the shape.
    const masked = { ...body, data: mask.value(body.data) } as CutoverRecord;
    const { record, line } = sealRecord(head, masked);
    const { crashPoint } = this.#options;
    crashPoint?.("before-record", record);
    this.#file.append(line);
    crashPoint?.("synced-record", record);
    this.#head = { seq: record.seq, hash: record.hash };
    this.#records.push(record);
    this.#headFile.write(this.#head);
    crashPoint?.("after-record", record);
    return record;
  }

  #note(
    code: "JOURNAL_TORN" | "HEAD_REPAIRED" | "BALLAST_FREED" | "CLOCK_JUMP" | "NETWORK_FOLDER",
    text: string,
  ): void {
    this.#append({ type: "note", step: null, attempt: null, data: { code, text } });
  }

  #noteWhatWasFound(tornBytes: number, isHeadBehind: boolean): void {
    const network = networkFolder(this.#run.path);
    if (
      network !== undefined &&
      !this.#records.some(({ type, data }) => type === "note" && data.code === "NETWORK_FOLDER")
    ) {
      this.#note(
        "NETWORK_FOLDER",
        `the run folder is on ${network}: one driver at a time can be promised on one host only`,
      );
    }
    if (tornBytes > 0) {
      this.#note(
        "JOURNAL_TORN",
        `${tornBytes} bytes of a record that was not written to its end were moved to journal.torn`,
      );
    } else if (isHeadBehind && this.#head.seq > NO_RECORDS.seq) {
      this.#note("HEAD_REPAIRED", "HEAD was behind the journal and was set to its last record");
    }
  }

  #noteClockJump(): void {
    const jumpMs = this.#jumps.look();
    if (jumpMs === 0) return;
    this.#note(
      "CLOCK_JUMP",
      `the wall clock moved by ${jumpMs} ms against the monotonic clock since the record before`,
    );
  }
}

function cutTorn(run: RunDirectory, torn: Buffer, sizeBytes: number): void {
  try {
    appendFileSync(run.torn, torn, { mode: 0o600, flush: true });
    truncateSync(run.journal, sizeBytes);
  } catch (error) {
    throw toStoreError(error, "Cutting the torn end of the journal");
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "unknown");
  }
}
