/** An error on its way between threads: data, because an Error loses its class there. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | undefined;
  readonly problems: readonly string[];
}

/** What the pool says to a worker. */
export type ToWorker<Task> =
  | { readonly type: "task"; readonly index: number; readonly task: Task }
  | { readonly type: "end" };

/** What a worker says to the pool. */
export type FromWorker<Result> =
  | { readonly type: "ready" }
  | { readonly type: "result"; readonly index: number; readonly result: Result }
  | { readonly type: "failed"; readonly index: number; readonly error: WireError };

/** What a worker is started with: `setup` for its handler, `cancel` to be looked at between batches. */
export interface WorkerStart<Setup> {
  readonly setup: Setup;
  /** One 32-bit word, not 0 once the work was cancelled. */
  readonly cancel: SharedArrayBuffer;
  /** Which of the threads of the pool it is, from 0 on. */
  readonly thread: number;
}
