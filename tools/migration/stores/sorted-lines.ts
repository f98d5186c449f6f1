import { rmSync } from "node:fs";
import { join } from "node:path";
import { MigrationError } from "../model/errors.ts";
import { UUID } from "../model/module.ts";
import { toStoreError } from "./atomic-file.ts";
import { RecordArena } from "./record-arena.ts";
import { ArenaCursor, mergeCursors, RunCursor, type SortedRecord, writeRun } from "./sorted-runs.ts";

/** Runs merged at once: with 64 KiB each, reading them takes 4 MiB however much was spilled. */
const MERGE_WIDTH = 64;

/** Sorts lines by id in bounded memory, spilling sorted runs to private files. */
export class SortedLines {
  readonly #dir: string;
  readonly #memoryBytes: number;
  readonly #arena = new RecordArena();
  /** Runs not yet merged away, oldest first. */
  #runs: string[] = [];
  #madeRuns = 0;
  #drained = false;

  constructor(dir: string, options: { readonly memoryBytes: number }) {
    this.#dir = dir;
    this.#memoryBytes = options.memoryBytes;
  }

  /** Takes a copy of one line; `id` is a lower-case UUID. DISK_FULL when a spill finds no space. */
  add(id: string, line: Buffer | string): void {
    if (this.#drained) throw new MigrationError("INTERNAL", { message: "A line was added to a drained sort." });
    if (!UUID.test(id)) throw new MigrationError("INTERNAL", { message: "A line to sort has no UUID as id." });
    this.#arena.add(id, typeof line === "string" ? Buffer.from(line, "utf8") : line);
    if (this.#arena.memoryBytes >= this.#memoryBytes) this.#guard(() => this.#spill());
  }

  /** Gives every line once, ascending by id, equal ids by their bytes; each line is a view until the next one. */
  *drain(): Generator<SortedRecord, void, undefined> {
    if (this.#drained) throw new MigrationError("INTERNAL", { message: "A sort can be drained only once." });
    this.#drained = true;
    try {
      while (this.#runs.length > MERGE_WIDTH) this.#mergeOldest();
      const cursors = this.#runs.map((run) => new RunCursor(run));
      yield* mergeCursors([...cursors, new ArenaCursor(this.#arena)]);
    } catch (error) {
      throw toStoreError(error, "Reading sorted runs");
    }
  }

  /** Removes the runs; may be called at any time and again. */
  close(): void {
    this.#drained = true;
    this.#arena.clear();
    for (const run of this.#runs) rmSync(run, { force: true });
    this.#runs = [];
  }

  #spill(): void {
    writeRun(this.#newRun(), mergeCursors([new ArenaCursor(this.#arena)]));
    this.#arena.clear();
  }

  #mergeOldest(): void {
    const merged = this.#runs.slice(0, MERGE_WIDTH);
    this.#guard(() => writeRun(this.#newRun(), mergeCursors(merged.map((run) => new RunCursor(run)))));
    for (const run of merged) rmSync(run, { force: true });
    this.#runs = this.#runs.slice(MERGE_WIDTH);
  }

  /** The path of the next run, known to `close` before the file exists. */
  #newRun(): string {
    this.#madeRuns++;
    const path = join(this.#dir, `run-${this.#madeRuns}`);
    this.#runs.push(path);
    return path;
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      throw toStoreError(error, "Spilling a sorted run");
    }
  }
}
