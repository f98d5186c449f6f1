import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { COMMAND_DEFAULTS, type CommandSpec } from "../../tools/migration/cutover/process/command.ts";

/** A local command with a short grace, in `folder`. */
export function commandOf(folder: string, text: string, more: Partial<CommandSpec> = {}): CommandSpec {
  const given = { folder, text, variables: {}, cwd: folder, input: null, ssh: null };
  return { ...COMMAND_DEFAULTS, graceMs: 300, ...given, ...more };
}

/** Another process that has started `spec` and waits for it. */
export async function startDriver(spec: CommandSpec): Promise<ChildProcess> {
  const program = join(process.cwd(), "build/test/fixtures/cutover/command-driver.js");
  const driver = spawn(process.execPath, [program, JSON.stringify(spec)], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve) => driver.stdout.once("data", resolve));
  return driver;
}

/** Kills a process with SIGKILL and waits until it is gone. */
export async function killHard(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

/** Resolves once `holds` does; throws after 10 s. */
export async function until(holds: () => boolean, what = "the state that was waited for"): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${what} did not come`);
}

/** Resolves once a file is there and not empty. */
export async function untilFile(path: string): Promise<void> {
  await until(() => existsSync(path) && readFileSync(path).length > 0, path);
}

/** True while a process with this id runs and is no zombie. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/^\S+ \(.*\) [ZX]/s.test(stat);
  } catch {
    return false;
  }
}
