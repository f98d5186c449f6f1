import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { isRunning, killHard, until } from "./commands.ts";

/** How a server program is run. */
export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  /** The user to run as, where that is not the one of the test. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** The signal that ends it at once and with all of its children. */
  readonly endWith: NodeJS.Signals;
  /** True once it answers. */
  readonly answers: () => Promise<boolean>;
}

/** A server process that a test starts, kills and starts again. */
export class ServerProcess {
  readonly #program: Program;
  #child: ChildProcess | undefined;
  #said = "";

  constructor(program: Program) {
    this.#program = program;
  }

  /** Starts it, with `more` arguments, and waits until it answers. */
  async start(more: readonly string[] = []): Promise<void> {
    const { file, args, owner, answers } = this.#program;
    this.#said = "";
    const child = spawn(file, [...args, ...more], { stdio: ["ignore", "pipe", "pipe"], ...owner });
    this.#child = child;
    // A test that is ended in its middle leaves no server behind.
    process.once("exit", () => child.kill("SIGKILL"));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data) => {
        this.#said = (this.#said + data).slice(-4000);
      });
    }
    for (let turns = 0; !(await answers()); turns += 1) {
      if (turns > 600 || child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`${file} does not answer: ${this.#said}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Ends it in its own way, and waits until it is gone. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill(this.#program.endWith);
    await gone;
  }

  /** `kill -9` of the process alone; waits until its children, which have to notice that by themselves, are gone too. */
  async kill(): Promise<void> {
    if (this.#child === undefined) throw new Error("not started");
    const children = childrenOf(this.#child.pid ?? 0);
    await killHard(this.#child);
    await until(() => !children.some(isRunning), "the end of the server's children");
  }
}

/** Process ids of the children of a process. */
export function childrenOf(pid: number): readonly number[] {
  const found = spawnSync("pgrep", ["-P", String(pid)], { encoding: "utf8" }).stdout ?? "";
  return found
    .split("\n")
    .filter((line) => line !== "")
    .map(Number);
}
