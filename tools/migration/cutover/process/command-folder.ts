import { closeSync, ftruncateSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { systemCode } from "../../model/errors.ts";
import type { CommandEnd, CommandResult, SpawnedCommand, Survivor } from "./command.ts";

/** What the wrapper says of itself before it starts the command. */
export interface Wrapper extends SpawnedCommand {
  readonly host: string;
}

/** Closes the folder of a command for a wrapper that has not come to its first line; false where one was there before. */
export function claim(folder: string): boolean {
  try {
    closeSync(openSync(join(folder, "claim"), "wx", 0o600));
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** The wrapper of a command, or undefined before it has said who it is. */
export function readWrapper(folder: string): Wrapper | undefined {
  const [pid, start, bootId, host] = readLine(folder, "pid")?.split(" ") ?? [];
  if (pid === undefined || start === undefined || bootId === undefined || host === undefined) return undefined;
  return { pid: Number(pid), processStart: known(start), bootId: known(bootId), host };
}

/** The process group of the command, or undefined before it was started. */
export function readGroup(folder: string): number | undefined {
  const line = readLine(folder, "group");
  return line === undefined ? undefined : Number(line);
}

/** True once the wrapper has written the exit code: the last thing it does. */
export function hasEnded(folder: string): boolean {
  return readLine(folder, "rc") !== undefined;
}

/** The result of a command that has ended. */
export function readResult(folder: string, how: ResultOptions): CommandResult {
  const exit = Number(readLine(folder, "rc"));
  const [from, to] = [readNanoseconds(folder, "t0"), readNanoseconds(folder, "t1")];
  const ended = readLine(folder, "ended");
  const { capBytes } = how;
  return {
    end: isEnd(ended) ? ended : "exit",
    exit,
    signal: signalOf(exit),
    start: from === undefined ? null : isoOf(from),
    finish: to === undefined ? null : isoOf(to),
    ms: how.ms ?? (from === undefined || to === undefined ? null : Number((to - from) / 1_000_000n)),
    out: join(folder, "out"),
    err: join(folder, "err"),
    truncated: { out: cutTo(join(folder, "out"), capBytes), err: cutTo(join(folder, "err"), capBytes) },
    survivors: readSurvivors(folder),
    stripped: how.stripped,
    recovered: how.recovered,
    notes: [...endNotes(ended), ...(how.notes ?? [])],
  };
}

/** What the folder itself does not know. */
export interface ResultOptions {
  readonly capBytes: number;
  /** By the driver's monotonic clock, where it saw both ends. */
  readonly ms: number | undefined;
  readonly stripped: readonly string[];
  readonly recovered: boolean;
  readonly notes?: readonly string[];
}

/** The result of a command of which nobody can know any more, or that certainly never ran. */
export function noResult(
  folder: string,
  end: "lost" | "not-started",
  how: Omit<ResultOptions, "capBytes">,
): CommandResult {
  // Whoever reads the output afterwards finds a file, if an empty one.
  for (const name of ["out", "err"]) writeFileSync(join(folder, name), "", { flag: "a", mode: 0o600 });
  const from = readNanoseconds(folder, "t0");
  return {
    end,
    exit: null,
    signal: null,
    start: from === undefined ? null : isoOf(from),
    finish: null,
    ms: how.ms ?? null,
    out: join(folder, "out"),
    err: join(folder, "err"),
    truncated: { out: false, err: false },
    survivors: readSurvivors(folder),
    stripped: how.stripped,
    recovered: how.recovered,
    notes: how.notes ?? [],
  };
}

/** One line of a file of the folder, without blanks at its end; undefined while it is missing, empty or half written. */
function readLine(folder: string, name: string): string | undefined {
  try {
    const text = readFileSync(join(folder, name), "utf8");
    const line = text.trim();
    return text.endsWith("\n") && line !== "" ? line : undefined;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function readNanoseconds(folder: string, name: string): bigint | undefined {
  const line = readLine(folder, name);
  return line !== undefined && /^[0-9]+$/.test(line) ? BigInt(line) : undefined;
}

function isoOf(nanoseconds: bigint): string {
  return new Date(Number(nanoseconds / 1_000_000n)).toISOString();
}

function isEnd(text: string | undefined): text is CommandEnd {
  return text === "timeout" || text === "output" || text === "terminated";
}

/** A command that died of a signal gives 128 and the signal's number. */
function signalOf(exit: number): string | null {
  const found = Object.entries(constants.signals).find(([, number]) => number === exit - 128);
  return found?.[0] ?? null;
}

/** True when the file was longer than the cap; it is then cut to it. */
function cutTo(path: string, capBytes: number): boolean {
  if (sizeOf(path) <= capBytes) return false;
  const fd = openSync(path, "r+");
  try {
    ftruncateSync(fd, capBytes);
  } finally {
    closeSync(fd);
  }
  return true;
}

/** Size of a file in bytes, 0 while it is missing. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function readSurvivors(folder: string): readonly Survivor[] {
  let text: string;
  try {
    text = readFileSync(join(folder, "left"), "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const [what, pid, ...command] = line.trimEnd().split(" ");
    return { pid: Number(pid), command: command.join(" "), killed: what === "killed" };
  });
}

function endNotes(ended: string | undefined): readonly string[] {
  if (ended === "timeout") return ["ended at its timeout"];
  if (ended === "output") return ["ended because it wrote more than the cap of its output"];
  return ended === "terminated" ? ["ended on request of the driver"] : [];
}

function known(text: string): string | null {
  return text === "-" ? null : text;
}
