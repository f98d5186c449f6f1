import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toStoreError } from "../../stores/atomic-file.ts";
import {
  type CommandResult,
  type CommandSpec,
  type Recovery,
  type RunningCommand,
  SSH_PATIENCE,
  type SshPatience,
  type SshTarget,
} from "./command.ts";
import { claim, hasEnded, noResult, readResult } from "./command-folder.ts";
import { commandEnvironment } from "./environment.ts";
import { recoverLocal, startLocal } from "./local-command.ts";
import { readAnswer, type SshAnswer } from "./ssh-answer.ts";
import { quote, type SshErrand, sshScript } from "./ssh-script.ts";

/** A CommandSpec for another host. */
export type SshSpec = CommandSpec & { readonly ssh: SshTarget };

/** No password, no terminal; silence is bounded by the patience of the target. */
const SSH_OPTIONS = ["-o", "BatchMode=yes", "-o", "ServerAliveCountMax=3", "-o", "ConnectTimeout=10", "-T", "-x"];
/** What connecting and fetching the output may take beside timeout and grace. */
const FETCH_MS = 60_000;
const RECONNECT_MS = [500, 1000, 2000, 4000, 5000];

/**
 * Starts a command on another host: the wrapper travels on stdin and writes there, below `~/.cutover/`. A connection
 * that breaks is made again and the true exit code fetched.
 */
export async function startSsh(spec: SshSpec): Promise<RunningCommand> {
  prepareFolder(spec);
  claim(spec.folder);
  const first = await connect(spec, "launch", 1);
  return running(spec, { first, number: 1, recovered: false });
}

/** Finds out what came of a command of another host whose driver is dead. */
export async function recoverSsh(spec: SshSpec): Promise<Recovery> {
  mkdirSync(spec.folder, { recursive: true, mode: 0o700 });
  if (claim(spec.folder)) return { state: "not-started" };
  const how = { ms: undefined, stripped: [], recovered: true, capBytes: spec.capBytes };
  if (hasEnded(spec.folder)) return { state: "ended", result: readResult(spec.folder, how) };
  const last = lastConnection(spec);
  // The script of a connection that was never begun never went anywhere.
  const found = await recoverLocal(connectionSpec(spec, "launch", Math.max(last, 1)));
  if (found.state === "not-started" && last <= 1) return { state: "not-started" };
  if (found.state === "ended" && readAnswer(found.result.out, spec.folder) === "ended") {
    return { state: "ended", result: readResult(spec.folder, how) };
  }
  const first = found.state === "running" ? found.command : await connect(spec, "attach", last + 1);
  const number = found.state === "running" ? Math.max(last, 1) : last + 1;
  const command = running(spec, { first, number, recovered: true });
  return { state: "running", command };
}

interface Begun {
  readonly first: RunningCommand;
  /** Number of that connection. */
  readonly number: number;
  readonly recovered: boolean;
}

function running(spec: SshSpec, begun: Begun): RunningCommand {
  const start = process.hrtime.bigint();
  const state: Conversation = { spec, current: begun.first, number: begun.number, left: false };
  const result = converse(state).then(({ answer, notes }): CommandResult => {
    const { stripped } = commandEnvironment(process.env, spec.variables);
    const ms = begun.recovered ? undefined : Math.round(Number(process.hrtime.bigint() - start) / 1e6);
    const how = { ms, stripped, recovered: begun.recovered, notes, capBytes: spec.capBytes };
    if (answer === "ended") return readResult(spec.folder, how);
    return noResult(spec.folder, answer === "void" ? "not-started" : "lost", how);
  });
  const terminate = (): void => {
    state.number += 1;
    // Where this connection fails too, the timeout on the host ends the command.
    connect(spec, "end", state.number).then(
      (connection) => connection.result,
      () => undefined,
    );
  };
  const leave = (): void => {
    state.left = true;
    state.current.leave();
  };
  return { process: begun.first.process, result, terminate, leave };
}

interface Conversation {
  readonly spec: SshSpec;
  current: RunningCommand;
  number: number;
  left: boolean;
}

/** Connects as often as it takes to an answer; `none` when the host could not be reached in time. */
async function converse(state: Conversation): Promise<{ answer: SshAnswer; notes: readonly string[] }> {
  const { spec } = state;
  const begun = process.hrtime.bigint();
  const notes: string[] = [];
  let reached = false;
  for (let tries = 0; ; tries++) {
    const folder = connectionFolder(spec, state.number);
    const { exit } = await state.current.result;
    const answer = readAnswer(join(folder, "out"), spec.folder);
    if (answer === "void") return { answer, notes: [...notes, "it never started: the host was not reached in time"] };
    if (answer === "ended") return { answer, notes };
    if (answer === "lost")
      return { answer, notes: [...notes, "its wrapper on the host is gone and left no exit code"] };
    reached ||= answer !== "none";
    const limitMs = reached ? spec.timeoutMs + spec.graceMs + FETCH_MS : patienceOf(spec).unreachedMs;
    const passedMs = Number(process.hrtime.bigint() - begun) / 1e6;
    if (passedMs > limitMs || state.left)
      return { answer, notes: [...notes, `host ${spec.ssh.destination} cannot be reached (ssh exit ${exit})`] };
    notes.push(`connection ${tries + 1} broke (ssh exit ${exit})`);
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS[Math.min(tries, RECONNECT_MS.length - 1)]));
    state.number += 1;
    state.current = await connect(spec, "attach", state.number);
  }
}

function connect(spec: SshSpec, errand: SshErrand, number: number): Promise<RunningCommand> {
  return startLocal(connectionSpec(spec, errand, number));
}

/** One connection is a command of this host: it survives the driver, and its output is in files. */
function connectionSpec(spec: SshSpec, errand: SshErrand, number: number): CommandSpec {
  const { destination, options } = spec.ssh;
  const { aliveSeconds, unreachedMs } = patienceOf(spec);
  const alive = ["-o", `ServerAliveInterval=${aliveSeconds}`];
  const words = ["ssh", ...SSH_OPTIONS, ...alive, ...options, "--", destination, "bash --noprofile --norc -u -s"].map(
    quote,
  );
  return {
    folder: connectionFolder(spec, number),
    // From the environment, so that no value is on this disk.
    text: `${words.join(" ")} <<<"$CUTOVER_SCRIPT"`,
    variables: { CUTOVER_SCRIPT: sshScript(spec, spec.ssh, errand) },
    cwd: null,
    timeoutMs: errand === "end" ? unreachedMs : spec.timeoutMs + spec.graceMs + FETCH_MS,
    graceMs: 1000,
    capBytes: 2 * spec.capBytes + 1024 * 1024,
    input: null,
    ssh: null,
  };
}

function patienceOf({ ssh }: SshSpec): SshPatience {
  return ssh.patience ?? SSH_PATIENCE;
}

function connectionFolder(spec: SshSpec, number: number): string {
  return join(spec.folder, `ssh.${number}`);
}

/** Number of the last connection that was begun; 0 where there was none. */
function lastConnection(spec: SshSpec): number {
  let number = 0;
  while (existsSync(connectionFolder(spec, number + 1))) number += 1;
  return number;
}

function prepareFolder(spec: SshSpec): void {
  try {
    mkdirSync(spec.folder, { recursive: true, mode: 0o700 });
    chmodSync(spec.folder, 0o700);
    writeFileSync(join(spec.folder, "cmd"), spec.text, { mode: 0o600 });
  } catch (error) {
    throw toStoreError(error, "Preparing the folder of a command");
  }
}
