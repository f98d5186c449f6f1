import { setImmediate } from "node:timers/promises";
import { Worker, type WorkerOptions } from "node:worker_threads";
import { MigrationError } from "../model/errors.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./protocol.ts";
import { cancelCheck, type HandlerFactory, type TaskHandler, type TaskTools } from "./serve.ts";
import { fromWire, toWire } from "./wire-error.ts";

/** How a pool is made. */
export interface PoolOptions<Setup, Task, Result> {
  /** Number of worker threads; 0 runs the handler in this thread, for work that is smaller than a start of a thread. */
  readonly workers: number;
  /** Entry file of a worker: it calls `serveTasks(createHandler)`. */
  readonly entry: URL;
  readonly createHandler: HandlerFactory<Setup, Task, Result>;
  readonly setup: Setup;
  readonly signal: AbortSignal;
  /** Memory and flags of each worker; those of the process where they are left out. */
  readonly threads?: Pick<WorkerOptions, "resourceLimits" | "execArgv">;
}

/** Tasks a worker has at a time: the one it works on, and one so that it never waits for the main thread. */
const TASKS_PER_WORKER = 2;
/** Results that may wait for an earlier one, per worker: bounds memory when one range is slow. */
const WAITING_PER_WORKER = 4;
/** How long a worker may go on after a cancel before it is ended by force. */
const GRACE_MS = 700;

/**
 * A young generation of 8 MB. Measured on a migration of 400 000 entities with two workers: 325 MB resident and 6.6 s of
 * CPU, against 425 MB and 6.2 s with the default of 48 MB, where garbage only waits longer to be collected.
 */
const LIMITS = { maxYoungGenerationSizeMb: 8 } as const;

interface Slot<Task> {
  readonly worker: Worker;
  /** Settles when the thread is gone, also where it went before anyone asked. */
  readonly exited: Promise<void>;
  /** Tasks given to it and not yet answered. */
  readonly pending: Map<number, Task>;
}

/** Runs tasks on worker threads; results come in the order of the tasks, whatever the number of workers. */
export class WorkerPool<Setup, Task, Result> {
  readonly #options: PoolOptions<Setup, Task, Result>;
  readonly #cancel = new SharedArrayBuffer(4);
  readonly #slots: Slot<Task>[] = [];
  readonly #results = new Map<number, Result>();
  /** Index of the next task; goes on over runs, so that a late result of a run that was left is known as such. */
  #given = 0;
  #failure: MigrationError | undefined;
  #wake: () => void = () => {};
  #closing: Promise<void> | undefined;

  constructor(options: PoolOptions<Setup, Task, Result>) {
    this.#options = options;
    options.signal.addEventListener("abort", this.#onAbort, { once: true });
    if (options.signal.aborted) this.#onAbort();
  }

  /** Starts the threads that `tasks` tasks will need, while this one still prepares them: a thread takes 25 ms to start. */
  start(tasks: number): void {
    const threads = this.#failure === undefined ? Math.min(tasks, this.#options.workers) : 0;
    while (this.#slots.length < threads) this.#startThread();
  }

  /** Does the tasks and yields their results in order; the first failure ends it. At most one run at a time. */
  async *run(tasks: Iterable<Task>): AsyncGenerator<Result, void, undefined> {
    if (this.#options.workers === 0) yield* this.#runHere(tasks);
    else yield* this.#runThere(tasks[Symbol.iterator]());
  }

  /** Ends the workers: idle ones close by themselves, busy ones are ended by force after a grace period. Ends a run, too. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    this.#options.signal.removeEventListener("abort", this.#onAbort);
    if (this.#slots.some((slot) => slot.pending.size > 0)) Atomics.store(new Int32Array(this.#cancel), 0, 1);
    this.#failure ??= new MigrationError("INTERRUPTED", { message: "The work was given up before its end." });
    this.#wake();
    await Promise.all(this.#slots.map(endWorker));
  }

  async *#runHere(tasks: Iterable<Task>): AsyncGenerator<Result, void, undefined> {
    const handler = await this.#options.createHandler(this.#options.setup);
    const tools = { checkCancelled: cancelCheck(this.#cancel), thread: 0 };
    for (const task of tasks) {
      // A turn of the event loop, so that a signal comes in.
      await setImmediate();
      if (this.#failure !== undefined) throw this.#failure;
      yield await this.#handleHere(handler, task, tools);
    }
  }

  /** A fault here is worded as one in a worker. */
  async #handleHere(handler: TaskHandler<Task, Result>, task: Task, tools: TaskTools): Promise<Result> {
    try {
      return (await handler(task, tools)).result;
    } catch (error) {
      throw error instanceof MigrationError ? error : fromWire(toWire(error), error);
    }
  }

  async *#runThere(tasks: Iterator<Task>): AsyncGenerator<Result, void, undefined> {
    this.#results.clear();
    let taken = this.#given;
    let exhausted = false;
    const limit = this.#options.workers * WAITING_PER_WORKER;
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      while (!exhausted && this.#given - taken < limit) {
        const slot = this.#freeSlot();
        if (slot === undefined) break;
        const next = tasks.next();
        exhausted = next.done === true;
        if (next.done !== true) this.#give(slot, next.value);
      }
      if (exhausted && taken === this.#given) return;
      const result = this.#results.get(taken);
      if (result === undefined) {
        await this.#event();
        continue;
      }
      this.#results.delete(taken);
      taken += 1;
      yield result;
    }
  }

  #give(slot: Slot<Task>, task: Task): void {
    const index = this.#given;
    slot.worker.postMessage({ type: "task", index, task } satisfies ToWorker<Task>);
    slot.pending.set(index, task);
    this.#given += 1;
  }

  /** The worker with the fewest tasks, started when there are fewer than allowed; undefined when all are busy. */
  #freeSlot(): Slot<Task> | undefined {
    const idle = this.#slots.find((slot) => slot.pending.size === 0);
    if (idle !== undefined) return idle;
    if (this.#slots.length < this.#options.workers) return this.#startThread();
    return this.#slots.find((slot) => slot.pending.size < TASKS_PER_WORKER);
  }

  #startThread(): Slot<Task> {
    const { entry, setup, threads } = this.#options;
    const start: WorkerStart<Setup> = { setup, cancel: this.#cancel, thread: this.#slots.length };
    const worker = new Worker(entry, { resourceLimits: LIMITS, ...threads, workerData: start });
    const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
    const slot: Slot<Task> = { worker, exited, pending: new Map() };
    worker.on("message", (message: FromWorker<Result>) => this.#take(slot, message));
    worker.on("error", (error) => this.#lose(error));
    worker.on("exit", (code) => {
      if (this.#closing === undefined) this.#lose(undefined, code);
    });
    this.#slots.push(slot);
    return slot;
  }

  #take(slot: Slot<Task>, message: FromWorker<Result>): void {
    if (message.type === "ready") return;
    slot.pending.delete(message.index);
    if (message.type === "result") this.#results.set(message.index, message.result);
    else this.#failure ??= fromWire(message.error);
    this.#wake();
  }

  #lose(error: unknown, code?: number): void {
    const isMemory = error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
    const why = isMemory ? "it ran out of memory" : code === undefined ? "it threw" : `it exited with ${code}`;
    this.#failure ??= new MigrationError("WORKER_LOST", {
      message: `A worker thread was lost: ${why}.`,
      remedy: isMemory ? "Run again with fewer --workers." : "Run the command again; if it happens again, report it.",
      cause: error,
    });
    this.#wake();
  }

  readonly #onAbort = (): void => {
    Atomics.store(new Int32Array(this.#cancel), 0, 1);
    this.#failure ??= new MigrationError("INTERRUPTED", { message: "Interrupted; nothing was published." });
    this.#wake();
  };

  #event(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

async function endWorker({ worker, exited }: Slot<unknown>): Promise<void> {
  worker.postMessage({ type: "end" } satisfies ToWorker<never>);
  const timer = setTimeout(() => void worker.terminate(), GRACE_MS);
  await exited;
  clearTimeout(timer);
}
