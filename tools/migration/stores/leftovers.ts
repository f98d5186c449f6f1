import { lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../model/errors.ts";
import { currentOwner, formatOwner, isPidAlive, type OwnerState, ownerState, parseOwner } from "./owner.ts";
import { LOCK_LEFTOVER } from "./store-lock.ts";

/**
 * Why a private folder exists. `build` and `trash` may be incomplete; `retired` (the older generation while v1 takes its
 * place) and `swap` (v1 while it is exchanged) are whole, since nothing is ever deleted under those names.
 */
export type LeftoverKind = "build" | "trash" | "retired" | "swap";

/** A private name in the candidate folder: a folder of a run, or a file that a killed run left. */
export interface Leftover {
  readonly name: string;
  readonly kind: LeftoverKind | "file";
}

const FOLDER = /^\.(build|trash|retired|swap)-(\d+)(?:-\d+)?$/;
const RECORD_SUFFIX = ".owner";
const TEMPORARY_PID = /(?:\.tmp-|^\.lock-p)(\d+)-\d+(?:-link)?$/;

/** Takes a free private name of `kind` for this process and writes its owner record before the folder exists. */
export function claimName(dir: string, kind: LeftoverKind, command: string): string {
  for (let attempt = 1; ; attempt++) {
    const name = attempt === 1 ? `.${kind}-${process.pid}` : `.${kind}-${process.pid}-${attempt}`;
    if (isPresent(join(dir, name))) continue;
    try {
      writeFileSync(join(dir, name + RECORD_SUFFIX), formatOwner(currentOwner(command)), { flag: "wx", mode: 0o600 });
      return name;
    } catch (error) {
      if (systemCode(error) === "EEXIST") continue;
      // Space is made on a full disk too; without a record the pid in the name has to do.
      if (systemCode(error) === "ENOSPC" || systemCode(error) === "EDQUOT") return name;
      throw error;
    }
  }
}

/** Removes the owner record of `name`; its folder must be gone or have another name by now. */
export function dropClaim(dir: string, name: string): void {
  rmSync(join(dir, name + RECORD_SUFFIX), { force: true });
}

/** Everything in `dir` that a dead process left behind, in order of name. */
export function listDead(dir: string): Leftover[] {
  const names = readdirSync(dir).sort();
  const found: Leftover[] = [];
  for (const name of names) {
    const kind = leftoverKind(name);
    if (kind !== undefined && stateOf(dir, name) === "dead") found.push({ name, kind });
  }
  return found;
}

/** True when something is at `path`, a dangling link included. */
export function isPresent(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function leftoverKind(name: string): LeftoverKind | "file" | undefined {
  const kind = FOLDER.exec(name)?.[1];
  if (kind === "build" || kind === "trash" || kind === "retired" || kind === "swap") return kind;
  return isRecord(name) || LOCK_LEFTOVER.test(name) || TEMPORARY_PID.test(name) ? "file" : undefined;
}

function isRecord(name: string): boolean {
  return name.endsWith(RECORD_SUFFIX) && FOLDER.test(name.slice(0, -RECORD_SUFFIX.length));
}

function stateOf(dir: string, name: string): OwnerState | undefined {
  // The record of a folder goes with its folder, so that a kill in between leaves no folder without a record.
  if (isRecord(name) && isPresent(join(dir, name.slice(0, -RECORD_SUFFIX.length)))) return undefined;
  const owner = readRecord(join(dir, FOLDER.test(name) ? name + RECORD_SUFFIX : name));
  if (owner !== undefined) return ownerState(owner);
  const pid = pidInName(name);
  if (pid === undefined) return undefined;
  return isPidAlive(pid) ? "alive" : "dead";
}

function readRecord(path: string): ReturnType<typeof parseOwner> {
  try {
    return parseOwner(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

function pidInName(name: string): number | undefined {
  const base = isRecord(name) ? name.slice(0, -RECORD_SUFFIX.length) : name;
  const digits = FOLDER.exec(base)?.[2] ?? TEMPORARY_PID.exec(name)?.[1];
  const pid = Number(digits);
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}
