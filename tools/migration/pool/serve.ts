import { parentPort, type TransferListItem, workerData } from "node:worker_threads";
import { MigrationError } from "../model/errors.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./protocol.ts";
import { toWire } from "./wire-error.ts";

/** What a task handler may ask for. */
export interface TaskTools {
  /** Throws INTERRUPTED once the work was cancelled; cheap enough for every batch. */
  readonly checkCancelled: () => void;
  /** The number of this thread among those of the pool, from 0 on. */
  readonly thread: number;
}

/** A result with the buffers that move to the main thread instead of being copied. */
export interface Handled<Result> {
  readonly result: Result;
  readonly transfer?: readonly TransferListItem[];
}

/** Does one task; a thrown error goes to the pool as data. */
export type TaskHandler<Task, Result> = (task: Task, tools: TaskTools) => Promise<Handled<Result>> | Handled<Result>;

/** Makes the handler of a thread. */
export type HandlerFactory<Setup, Task, Result> = (
  setup: Setup,
) => Promise<TaskHandler<Task, Result>> | TaskHandler<Task, Result>;

/** The main loop of a worker entry file: one task after the other until the pool ends it. */
export async function serveTasks<Setup, Task, Result>(
  createHandler: HandlerFactory<Setup, Task, Result>,
): Promise<void> {
  const port = parentPort;
  if (port === null) throw new MigrationError("INTERNAL", { message: "A worker entry was loaded outside a worker." });
  const start = workerData as WorkerStart<Setup>;
  const handler = await createHandler(start.setup);
  const tools = { checkCancelled: cancelCheck(start.cancel), thread: start.thread };
  const post = (message: FromWorker<Result>, transfer: readonly TransferListItem[] = []): void => {
    port.postMessage(message, transfer);
  };
  port.on("message", async (message: ToWorker<Task>) => {
    if (message.type === "end") {
      port.close();
      return;
    }
    try {
      const { result, transfer } = await handler(message.task, tools);
      post({ type: "result", index: message.index, result }, transfer);
    } catch (error) {
      post({ type: "failed", index: message.index, error: toWire(error) });
    }
  });
  post({ type: "ready" });
}

/** A function that throws INTERRUPTED once the word in `cancel` is set. */
export function cancelCheck(cancel: SharedArrayBuffer): () => void {
  const word = new Int32Array(cancel);
  return () => {
    if (Atomics.load(word, 0) !== 0) throw new MigrationError("INTERRUPTED", { message: "Interrupted." });
  };
}
