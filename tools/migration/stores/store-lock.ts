import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
} from "node:fs";
import { join } from "node:path";
import { sha256Hex } from "../integrity/digest.ts";
import { MigrationError, systemCode } from "../model/errors.ts";
import { toStoreError, writeFully } from "./atomic-file.ts";
import { currentOwner, formatOwner, type Owner, ownerState, parseOwner } from "./owner.ts";

/** Name of the lock in the candidate folder. */
export const LOCK_NAME = ".lock";
/** Names of the files that making a lock may leave behind when killed; each holds the record of its maker. */
export const LOCK_LEFTOVER = /^\.lock-/;

interface Held {
  readonly inode: bigint;
  readonly text: string;
}

interface OwnRecord extends Held {
  readonly dir: string;
  /** Private name of the record, removed once the lock is made. */
  readonly path: string;
}

/** A held lock on a candidate folder. */
export class StoreLock {
  readonly #path: string;
  readonly #record: Held;
  #released = false;

  constructor(path: string, record: Held) {
    this.#path = path;
    this.#record = record;
  }

  /** Throws LOCK_HELD unless the lock is still this one; to be called before each irreversible step. */
  assertHeld(): void {
    const held = this.#released ? undefined : readHeld(this.#path);
    if (held !== undefined && isSame(held, this.#record)) return;
    throw new MigrationError("LOCK_HELD", {
      message: "The lock of the candidate folder was lost: another process removed or replaced it.",
      remedy: "Find out who removed `.lock`, then run the command again.",
    });
  }

  /** Gives the lock back; does nothing when it was released or lost. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    try {
      const held = readHeld(this.#path);
      if (held !== undefined && isSame(held, this.#record)) unlinkSync(this.#path);
    } catch (error) {
      throw toStoreError(error, "Releasing the lock of the candidate folder");
    }
  }
}

/** Takes the lock of `dir` for this process; LOCK_HELD when a living or foreign process has it. */
export function acquireLock(dir: string, command: string): StoreLock {
  try {
    const record = writeRecord(dir, formatOwner(currentOwner(command)));
    try {
      take(join(dir, LOCK_NAME), record);
    } finally {
      rmSync(record.path, { force: true });
    }
    return new StoreLock(join(dir, LOCK_NAME), record);
  } catch (error) {
    throw toStoreError(error, "Taking the lock of the candidate folder");
  }
}

function take(path: string, record: OwnRecord): void {
  for (;;) {
    const linked = tryLink(record.path, path);
    const held = readHeld(path);
    if (held === undefined) continue;
    // Over NFS a link may be made and still be reported as failed, so the file decides.
    if (isSame(held, record)) return;
    if (linked) continue;
    const owner = parseOwner(held.text);
    if (owner === undefined || ownerState(owner) !== "dead") throw lockHeld(owner);
    if (replaceDead(path, held, record)) return;
  }
}

/**
 * Puts `record` in the place of the dead record at `path`; false when that is gone by now.
 *
 * Moving a stale lock aside and looking at it afterwards leaves a moment in which a living lock can be moved and a third
 * process can link its own. So only the holder of a guard named after the dead record may replace it: a dead record
 * never comes back, and while the guard is held it cannot change between look and rename. A guard whose holder died
 * is taken over by the same rule.
 */
function replaceDead(path: string, dead: Held, record: OwnRecord): boolean {
  const guard = join(record.dir, `${LOCK_NAME}-${sha256Hex(`${path}\0${dead.inode}\0${dead.text}`).slice(0, 32)}`);
  take(guard, record);
  try {
    const now = readHeld(path);
    if (now === undefined || !isSame(now, dead)) return false;
    const second = `${record.path}-link`;
    rmSync(second, { force: true });
    linkSync(record.path, second);
    renameSync(second, path);
    return true;
  } finally {
    rmSync(guard, { force: true });
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    return false;
  }
}

function writeRecord(dir: string, text: string): OwnRecord {
  for (let attempt = 0; ; attempt++) {
    const path = join(dir, `${LOCK_NAME}-p${process.pid}-${attempt}`);
    let fd: number;
    try {
      fd = openSync(path, "wx", 0o600);
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error;
      continue;
    }
    try {
      writeFully(fd, Buffer.from(text, "utf8"));
      fsyncSync(fd);
      return { dir, path, text, inode: fstatSync(fd, { bigint: true }).ino };
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    } finally {
      closeSync(fd);
    }
  }
}

function readHeld(path: string): Held | undefined {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw toStoreError(error, "Reading the lock of the candidate folder");
  }
  try {
    return { inode: fstatSync(fd, { bigint: true }).ino, text: readFileSync(fd, "utf8") };
  } finally {
    closeSync(fd);
  }
}

function isSame(left: Held, right: Held): boolean {
  return left.inode === right.inode && left.text === right.text;
}

function lockHeld(owner: Owner | undefined): MigrationError {
  if (owner === undefined) {
    return new MigrationError("LOCK_HELD", {
      message: "The candidate folder is locked by a record that cannot be read.",
      remedy: "Make sure that no other run uses the folder, then remove `.lock` from it.",
    });
  }
  const { pid, host, command } = owner;
  const foreign = ownerState(owner) === "foreign";
  return new MigrationError("LOCK_HELD", {
    message: `The candidate folder is locked by process ${pid} on host ${host}, running \`${command}\`.`,
    remedy: foreign
      ? `Make sure on host ${host} that process ${pid} has ended, then remove \`.lock\` from the folder.`
      : "Wait until that command has ended, then run this one again.",
  });
}
