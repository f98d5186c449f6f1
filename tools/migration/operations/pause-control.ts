import { MigrationError } from "../model/errors.ts";
import type { JsonObject } from "../model/json.ts";
import type { ChunkRange } from "../ranges/verify-range.ts";
import { ProgressFile, removeProgress } from "../stores/progress-file.ts";
import type { Context } from "./context.ts";
import { openProgress, progressHead, progressPath, type ScanBinding } from "./scan-binding.ts";
import type { PauseOptions } from "./scan-options.ts";
import type { ModulePlan } from "./scan-plan.ts";
import { type CleanRange, keyOf, parsePart, partOf } from "./scan-progress.ts";

/** What a scan that can be stopped is. */
export interface PauseControlOptions {
  /** Undefined where the command can neither be stopped nor resumed. */
  readonly pause: PauseOptions | undefined;
  /** Bytes of data from which on progress is kept unasked, so that a killed scan can be resumed. */
  readonly smallBytes: number;
  readonly binding: Omit<ScanBinding, "plans">;
  /** The command line that goes on. */
  readonly goOn: string;
}

/** Keeps the finished ranges of a scan on the disk, gives back those of an earlier run, and tells when the time is over. */
export class PauseControl {
  readonly #context: Context;
  readonly #options: PauseControlOptions;
  readonly #until: number | undefined;
  readonly #path: string;
  #head: JsonObject | undefined;
  #parts: readonly JsonObject[] = [];
  #saved: ReadonlyMap<string, CleanRange> = new Map();
  #file: ProgressFile | undefined;
  #total = 0;
  #given = 0;
  #done = 0;

  /** The time begins to run. */
  constructor(context: Context, options: PauseControlOptions) {
    const { maxMs } = options.pause ?? {};
    this.#context = context;
    this.#options = options;
    this.#until = maxMs === undefined ? undefined : context.clock().getTime() + maxMs;
    this.#path = progressPath(context.root, options.binding.command);
  }

  /** Takes the plans, undefined where there are none; RESUME_REFUSED where a resumed scan would not be the same one. */
  bind(plans: readonly ModulePlan[] | undefined): void {
    const { pause, binding, smallBytes } = this.#options;
    if (pause === undefined) return;
    const bytes = plans?.reduce((sum, plan) => sum + plan.dataBytes, 0) ?? 0;
    const isKept = pause.resume || pause.maxMs !== undefined || bytes >= smallBytes;
    this.#head = isKept && plans !== undefined ? headOf({ ...binding, plans }) : undefined;
    if (pause.resume) this.#parts = openProgress(this.#context.root, binding.command, this.#head).parts;
    this.#saved = new Map(this.#parts.map(parsePart).filter((entry) => entry !== undefined));
    this.#total = plans?.reduce((sum, plan) => sum + plan.ranges.length, 0) ?? 0;
    this.#done = this.#saved.size;
  }

  /** Opens the file of progress; the report folder must be there. */
  begin(): void {
    if (this.#head === undefined) this.remove();
    else this.#file = new ProgressFile(this.#path, { head: this.#head, parts: this.#parts });
  }

  /** The result of a range that an earlier run finished. */
  saved(range: ChunkRange): CleanRange | undefined {
    return this.#saved.get(keyOf(range));
  }

  /** Keeps the result of a range. */
  add(range: ChunkRange, result: CleanRange): void {
    this.#done += 1;
    this.#file?.add(partOf(range, result));
  }

  /** True where no further range may begin; each run does at least one, so that it ends some day. */
  isOver(): boolean {
    if (this.#given > 0 && this.#until !== undefined && this.#context.clock().getTime() >= this.#until) return true;
    this.#given += 1;
    return false;
  }

  /** What to throw when the time is over. */
  timeOver(): MigrationError {
    return new MigrationError("TIME_OVER", {
      message: `The time is over: ${this.#done} of ${this.#total} ranges are done, and there is no verdict yet.`,
      remedy: `\`${this.#options.goOn}\` goes on from there.`,
    });
  }

  /** Closes the file, which stays. */
  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /** Removes the file once there is a verdict. */
  remove(): void {
    if (this.#options.pause !== undefined) removeProgress(this.#path);
  }
}

/** Undefined where a file cannot be read: the sequential scan then says so. */
function headOf(binding: ScanBinding): JsonObject | undefined {
  try {
    return progressHead(binding);
  } catch (error) {
    if (error instanceof MigrationError && error.code === "UNVERIFIABLE") return undefined;
    throw error;
  }
}
