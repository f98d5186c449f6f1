import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { systemCode } from "../model/errors.ts";
import { isJsonObject } from "../model/json.ts";

/** The process that made a lock or a folder. */
export interface Owner {
  readonly pid: number;
  /** Start of the process in clock ticks since boot; tells a reused pid apart. Null without /proc. */
  readonly processStart: string | null;
  /** Null without /proc. */
  readonly bootId: string | null;
  readonly host: string;
  readonly command: string;
}

/** `foreign` = on another host: nobody here can tell whether it lives. */
export type OwnerState = "alive" | "dead" | "foreign";

/** The record of this process. */
export function currentOwner(command: string): Owner {
  const processStart = readProcess(process.pid)?.start ?? null;
  return { pid: process.pid, processStart, bootId: readBootId(), host: hostname(), command };
}

/** Whether the process of `owner` still runs. */
export function ownerState(owner: Owner): OwnerState {
  if (owner.host !== hostname()) return "foreign";
  const bootId = readBootId();
  if (owner.bootId !== null && bootId !== null && owner.bootId !== bootId) return "dead";
  if (!isPidAlive(owner.pid)) return "dead";
  const process = readProcess(owner.pid);
  if (process === undefined) return "alive";
  if (owner.processStart !== null && process.start !== owner.processStart) return "dead";
  return "alive";
}

/** Start and boot of a process, which with its pid name it for good; nulls without /proc or where it is gone. */
export function processMark(pid: number): Pick<Owner, "processStart" | "bootId"> {
  return { processStart: readProcess(pid)?.start ?? null, bootId: readBootId() };
}

/** True when a process with this pid runs; one that ended and waits for its parent does not. */
export function isPidAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
  const state = readProcess(pid)?.state;
  return state !== "Z" && state !== "X";
}

/** The owner in the text of an owner record, or undefined where the text is not one. */
export function parseOwner(text: string): Owner | undefined {
  const value = parseJson(text);
  if (!isJsonObject(value)) return undefined;
  const { pid, processStart, bootId, host, command } = value;
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
  if (typeof host !== "string" || typeof command !== "string") return undefined;
  if (!isTextOrNull(processStart) || !isTextOrNull(bootId)) return undefined;
  return { pid, processStart, bootId, host, command };
}

/** The text of an owner record. */
export function formatOwner(owner: Owner): string {
  return `${JSON.stringify(owner)}\n`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

function readBootId(): string | null {
  return readProc("/proc/sys/kernel/random/boot_id")?.trim() ?? null;
}

/** State and start of a process (fields 3 and 22 of proc_pid_stat(5)), or undefined without /proc. */
function readProcess(pid: number): { state: string; start: string } | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The command in field 2 may hold spaces and parentheses, so fields are counted after its last ")".
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, start] = [fields[0], fields[19]];
  return state === undefined || start === undefined ? undefined : { state, start };
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
