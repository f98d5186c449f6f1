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
import { basename, dirname, join } from "node:path";
import { sha256Hex } from "../integrity/digest.ts";
import { type MigrationError, systemCode } from "../model/errors.ts";
import { toStoreError, writeFully } from "./atomic-file.ts";

/** What makes one kind of lock: where it is, whose record may be replaced, and what a refused taker is told. */
export interface LinkLockRules {
  /** Path of the lock file. */
  readonly path: string;
  /** As said in messages: "the lock of the candidate folder". */
  readonly what: string;
  /** Whether the holder that wrote this record is known to be gone (or may be put aside). */
  readonly mayReplace: (text: string) => boolean;
  readonly held: (text: string) => MigrationError;
  readonly lost: () => MigrationError;
}

interface Held {
  readonly inode: bigint;
  readonly text: string;
}

interface OwnRecord extends Held {
  /** Private name of the record, removed once the lock is made. */
  readonly path: string;
}

/** A held lock: a file made with link(2), so that it is there as a whole or not at all. */
export class LinkLock {
  readonly #rules: LinkLockRules;
  readonly #record: Held;
  #released = false;

  constructor(rules: LinkLockRules, record: Held) {
    this.#rules = rules;
    this.#record = record;
  }

  /** Throws the error of the rules unless the lock is still this one; to be called before each irreversible step. */
  assertHeld(): void {
    const held = this.#released ? undefined : readHeld(this.#rules);
    if (held === undefined || !isSame(held, this.#record)) throw this.#rules.lost();
  }

  /** Gives the lock back; does nothing when it was released or lost. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    try {
      const held = readHeld(this.#rules);
      if (held !== undefined && isSame(held, this.#record)) unlinkSync(this.#rules.path);
    } catch (error) {
      throw toStoreError(error, `Releasing ${this.#rules.what}`);
    }
  }
}

/** Takes a lock with the record `text`; throws the error of the rules when a holder that may not be replaced has it. */
export function takeLinkLock(rules: LinkLockRules, text: string): LinkLock {
  try {
    const record = writeRecord(rules.path, text);
    try {
      take(rules, record);
    } finally {
      rmSync(record.path, { force: true });
    }
    return new LinkLock(rules, record);
  } catch (error) {
    throw toStoreError(error, `Taking ${rules.what}`);
  }
}

/** The record of the present holder, or undefined where the lock is free. */
export function readLinkLock(rules: Pick<LinkLockRules, "path" | "what">): string | undefined {
  return readHeld(rules)?.text;
}

function take(rules: LinkLockRules, record: OwnRecord): void {
  for (;;) {
    const linked = tryLink(record.path, rules.path);
    const held = readHeld(rules);
    if (held === undefined) continue;
    // Over NFS a link may be made and still be reported as failed, so the file decides.
    if (isSame(held, record)) return;
    if (linked) continue;
    if (!rules.mayReplace(held.text)) throw rules.held(held.text);
    if (replaceDead(rules, held, record)) return;
  }
}

/**
 * Puts `record` in the place of the dead record at the rules' path; false when that is gone by now.
 *
 * Moving a stale lock aside and looking at it afterwards leaves a moment in which a living lock can be moved and a third
 * process can link its own. So only the holder of a guard named after the dead record may replace it: a dead record
 * never comes back, and while the guard is held it cannot change between look and rename. A guard whose holder died
 * is taken over by the same rule.
 */
function replaceDead(rules: LinkLockRules, dead: Held, record: OwnRecord): boolean {
  const { path } = rules;
  const mark = sha256Hex(`${path}\0${dead.inode}\0${dead.text}`).slice(0, 32);
  const guard = join(dirname(record.path), `${guardPrefix(record.path)}-${mark}`);
  take({ ...rules, path: guard }, record);
  try {
    const now = readHeld(rules);
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

/** All leftovers of a lock, guards of guards included, begin with the lock's own name. */
function guardPrefix(recordPath: string): string {
  return basename(recordPath).replace(/-p[0-9]+-[0-9]+$/, "");
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

function writeRecord(lockPath: string, text: string): OwnRecord {
  for (let attempt = 0; ; attempt++) {
    const path = `${lockPath}-p${process.pid}-${attempt}`;
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
      return { path, text, inode: fstatSync(fd, { bigint: true }).ino };
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    } finally {
      closeSync(fd);
    }
  }
}

function readHeld(rules: Pick<LinkLockRules, "path" | "what">): Held | undefined {
  let fd: number;
  try {
    fd = openSync(rules.path, "r");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw toStoreError(error, `Reading ${rules.what}`);
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
