import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toStoreError } from "../../stores/atomic-file.ts";
import { ownerState, processMark } from "../../stores/owner.ts";
import type { CommandResult, CommandSpec, Recovery, RunningCommand, SpawnedCommand } from "./command.ts";
import {
  claim,
  hasEnded,
  noResult,
  readGroup,
  readResult,
  readWrapper,
  sizeOf,
  type Wrapper,
} from "./command-folder.ts";
import { commandEnvironment } from "./environment.ts";
import { WRAPPER } from "./wrapper.ts";

/** How often the size of the output is looked at: a flood can go beyond its cap by what fits into this. */
const LOOK_MS = 25;
/** How often a command whose driver is dead is looked at. */
const POLL_MS = 50;
/** What a wrapper may need beside timeout and grace before it counts as stuck. */
const STUCK_MS = 1500;
/** How long a wrapper may take to its first line. */
const BEGIN_MS = 5000;

/** Starts a command on this host; IO where bash cannot be run. */
export async function startLocal(spec: CommandSpec): Promise<RunningCommand> {
  const begun = process.hrtime.bigint();
  const { variables, stripped } = commandEnvironment(process.env, spec.variables);
  prepareFolder(spec);
  const child = await spawnWrapper(spec, variables);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const spawned: SpawnedCommand = { pid: child.pid ?? 0, ...processMark(child.pid ?? 0) };
  const watch = watchCommand(spec, spawned, ended);
  const result = ended.then(() => {
    const ms = Number(process.hrtime.bigint() - begun) / 1e6;
    return endOf(spec, { ms: Math.round(ms), stripped, recovered: false, ...watch.stop() });
  });
  const leave = (): void => {
    watch.stop();
    child.unref();
  };
  return { process: spawned, result, terminate: () => signal(spawned.pid, "SIGTERM"), leave };
}

/** Finds out what came of a command of this host whose driver is dead. */
export async function recoverLocal(spec: CommandSpec): Promise<Recovery> {
  mkdirSync(spec.folder, { recursive: true, mode: 0o700 });
  if (claim(spec.folder)) return { state: "not-started" };
  const how = { ms: undefined, stripped: [], recovered: true };
  const wrapper = await awaitWrapper(spec.folder);
  if (hasEnded(spec.folder)) return { state: "ended", result: endOf(spec, how) };
  // The command is started after the wrapper has said who it is.
  if (wrapper === undefined) return { state: "not-started" };
  const state = ownerState({ ...wrapper, command: "" });
  if (state === "alive") return { state: "running", command: adopt(spec, wrapper) };
  if (hasEnded(spec.folder)) return { state: "ended", result: endOf(spec, how) };
  return { state: "unknown", reason: lostReason(spec.folder, wrapper, state) };
}

/** Bash text is run from the folder: nothing of a command is in an argument list but the paths. */
function prepareFolder(spec: CommandSpec): void {
  try {
    mkdirSync(spec.folder, { recursive: true, mode: 0o700 });
    chmodSync(spec.folder, 0o700);
    writeFileSync(join(spec.folder, "cmd"), spec.text, { mode: 0o600 });
    if (spec.input !== null) writeFileSync(join(spec.folder, "in"), spec.input, { mode: 0o600 });
  } catch (error) {
    throw toStoreError(error, "Preparing the folder of a command");
  }
}

function spawnWrapper(spec: CommandSpec, env: Readonly<Record<string, string>>): Promise<ChildProcess> {
  const seconds = [spec.timeoutMs, spec.graceMs].map((ms) => String(ms / 1000));
  const umask = process.umask().toString(8).padStart(4, "0");
  const args = [spec.folder, ...seconds, String(spec.capBytes), "0", spec.cwd ?? spec.folder, markOf(spec), umask];
  const errors = openSync(join(spec.folder, "wrapper.err"), "a", 0o600);
  return new Promise((resolve, reject) => {
    // Its own session: no terminal, and no signal that a terminal sends to the driver.
    const child = spawn("bash", ["--noprofile", "--norc", "-u", "-c", WRAPPER, "cutover", ...args], {
      cwd: spec.folder,
      detached: true,
      env,
      stdio: ["ignore", "ignore", errors],
    });
    closeSync(errors);
    child.once("spawn", () => resolve(child));
    child.once("error", (error) => reject(toStoreError(error, "Starting bash")));
  });
}

/** Names the processes of one attempt on this host. */
function markOf(spec: CommandSpec): string {
  return spec.folder;
}

/** Looks at the output while the command runs, and ends a wrapper that does not end by itself. */
function watchCommand(
  spec: CommandSpec,
  { pid }: SpawnedCommand,
  ended: Promise<void>,
): { stop: () => { wasStuck: boolean } } {
  let wasStuck = false;
  const look = setInterval(() => {
    const over = ["out", "err"].some((name) => sizeOf(join(spec.folder, name)) > spec.capBytes);
    if (!over) return;
    clearInterval(look);
    signal(pid, "SIGUSR1");
  }, LOOK_MS);
  const stuck = setTimeout(
    () => {
      wasStuck = true;
      const group = readGroup(spec.folder);
      if (group !== undefined) signal(-group, "SIGKILL");
      signal(-pid, "SIGKILL");
    },
    spec.timeoutMs + spec.graceMs + STUCK_MS,
  );
  const stop = (): { wasStuck: boolean } => {
    clearInterval(look);
    clearTimeout(stuck);
    return { wasStuck };
  };
  void ended.then(stop);
  return { stop };
}

interface EndOptions {
  readonly ms: number | undefined;
  readonly stripped: readonly string[];
  readonly recovered: boolean;
  readonly wasStuck?: boolean;
}

function endOf(spec: CommandSpec, how: EndOptions): CommandResult {
  if (hasEnded(spec.folder)) return readResult(spec.folder, { ...how, capBytes: spec.capBytes });
  if (how.wasStuck !== true) {
    const wrapper = readWrapper(spec.folder);
    const reason = wrapper === undefined ? "its wrapper did not start" : lostReason(spec.folder, wrapper, "dead");
    return noResult(spec.folder, wrapper === undefined ? "not-started" : "lost", { ...how, notes: [reason] });
  }
  const notes = ["neither the command nor its wrapper ended in time; both were killed"];
  return { ...noResult(spec.folder, "lost", { ...how, notes }), end: "timeout", exit: 137, signal: "SIGKILL" };
}

/** Watches a command that another driver started: its wrapper keeps the timeout, and its folder tells the end. */
function adopt(spec: CommandSpec, wrapper: Wrapper): RunningCommand {
  let poll: NodeJS.Timeout | undefined;
  const ended = new Promise<void>((resolve) => {
    poll = setInterval(() => {
      if (!hasEnded(spec.folder) && ownerState({ ...wrapper, command: "" }) === "alive") return;
      clearInterval(poll);
      resolve();
    }, POLL_MS);
  });
  const watch = watchCommand(spec, wrapper, ended);
  const result = ended.then(() => endOf(spec, { ms: undefined, stripped: [], recovered: true, ...watch.stop() }));
  const leave = (): void => {
    clearInterval(poll);
    watch.stop();
  };
  return { process: wrapper, result, terminate: () => signal(wrapper.pid, "SIGTERM"), leave };
}

/** The wrapper of a claimed folder, as soon as it says who it is; undefined when there is none that still could. */
async function awaitWrapper(folder: string): Promise<Wrapper | undefined> {
  const until = process.hrtime.bigint() + BigInt(BEGIN_MS) * 1_000_000n;
  for (;;) {
    const wrapper = readWrapper(folder);
    if (wrapper !== undefined) return wrapper;
    if (!isWrapperAlive(folder) || process.hrtime.bigint() > until) return readWrapper(folder);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Whether a process runs that was given this folder; without /proc it may. */
function isWrapperAlive(folder: string): boolean {
  let names: string[];
  try {
    names = readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name));
  } catch {
    return true;
  }
  return names.some((name) => {
    try {
      const args = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0");
      return args.includes(folder) && args.includes("cutover");
    } catch {
      return false;
    }
  });
}

function lostReason(folder: string, wrapper: Wrapper, state: "dead" | "foreign" | "alive"): string {
  if (state === "foreign") return `it was started on host ${wrapper.host}; nobody here can know what came of it`;
  if (wrapper.bootId !== null && wrapper.bootId !== processMark(process.pid).bootId) {
    return "the machine was restarted while it ran";
  }
  const group = readGroup(folder);
  return group !== undefined && isGroupAlive(group)
    ? `its wrapper was killed; process group ${group} still runs`
    : "its wrapper was killed before it could write the exit code";
}

function isGroupAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by now.
  }
}
