import { Worker } from "node:worker_threads";
import type { RegexAnswer, RegexJob } from "./regex-job.ts";

/** How long the patterns of one expectation may take together (F28). */
export const REGEX_LIMIT_MS = 2000;

/** Runs regular expressions where they can be stopped. One at a time; the thread lives as long as this. */
export class RegexRunner {
  #worker: Worker | undefined;
  #begun: () => void = () => {};
  #answered: (answer: RegexAnswer | undefined) => void = () => {};
  #queue: Promise<unknown> = Promise.resolve();

  /** What the patterns find; undefined when the time was over. */
  run(job: RegexJob): Promise<RegexAnswer | undefined> {
    const answer = this.#queue.then(() => this.#run(job));
    this.#queue = answer;
    return answer;
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  async #run(job: RegexJob): Promise<RegexAnswer | undefined> {
    if (job.patterns.length === 0) return [];
    const worker = await this.#start();
    const answer = await new Promise<RegexAnswer | undefined>((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      this.#begun = () => {
        timer = setTimeout(() => resolve(undefined), REGEX_LIMIT_MS);
      };
      this.#answered = (value) => {
        clearTimeout(timer);
        resolve(value);
      };
      worker.ref();
      worker.postMessage(job);
    });
    // A driver that has nothing else to do ends.
    worker.unref();
    if (answer === undefined) await this.close();
    return answer;
  }

  /** The thread once it runs: on a busy machine its start takes longer than any pattern may. */
  async #start(): Promise<Worker> {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(new URL("./regex-worker.js", import.meta.url));
    this.#worker = worker;
    await new Promise<void>((resolve, reject) => {
      worker.once("online", resolve);
      worker.once("error", reject);
    });
    worker.removeAllListeners();
    worker.on("message", (message: "begun" | RegexAnswer) => {
      if (message === "begun") this.#begun();
      else this.#answered(message);
    });
    worker.on("error", () => this.#answered(undefined));
    // A driver that has nothing else to do ends.
    worker.unref();
    return worker;
  }
}
