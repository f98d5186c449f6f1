import { isUtf8 } from "node:buffer";
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { under } from "../config/paths.ts";
import { sha256Hex } from "../integrity/digest.ts";
import { MigrationError } from "../model/errors.ts";
import { fsyncDirectory, toStoreError, writeFully } from "../stores/atomic-file.ts";
import { findKey, type KeyPlace, keyedKind, replaceAt } from "../stores/keyed-text.ts";
import type { Context } from "./context.ts";

/** A flip of one key of a JSON, YAML or env file. */
export interface KeyFlip {
  /** Path of the file, relative to the project unless absolute; a link is followed. */
  readonly file: string;
  /** JSON Pointer or plain name; for env the variable. */
  readonly key: string;
  readonly to: string;
}

/** What a flip of a key will do: the old value, and the digest of the whole file that it was read from. */
export interface PreparedKeyFlip {
  readonly from: string;
  readonly sha256: string;
}

/** How the file is written. */
export interface KeyWriteOptions {
  /** Names the temporary file; one that an earlier try of the same tag left is overwritten. */
  readonly tag: string;
  /** Told after every change on disk; tests stop the process there. */
  readonly onStep?: (step: string) => void;
}

/** Reads the old value and sees that the new one can stand in its place; TARGET_UNFIT where the file must be refused. */
export function prepareKeyFlip(context: Context, flip: KeyFlip): PreparedKeyFlip {
  const { bytes, place } = look(context, flip);
  render(flip, bytes.toString("utf8"), place, flip.to);
  return { from: place.value, sha256: sha256Hex(bytes) };
}

/** The value that the key has now. */
export function readKey(context: Context, flip: Pick<KeyFlip, "file" | "key">): string {
  return look(context, flip).place.value;
}

/**
 * Gives the key its new value: the whole file is written beside the old one, with its owner and mode, and takes its name
 * by rename. POINTER_MOVED where a byte of the file is not as it was when the old value was recorded.
 */
export function applyKeyFlip(
  context: Context,
  flip: KeyFlip,
  prepared: PreparedKeyFlip,
  options: KeyWriteOptions,
): { readonly sha256: string } {
  return write(context, flip, { to: flip.to, expect: prepared }, options);
}

/**
 * Puts the recorded old value back. What else was edited since stays; POINTER_MOVED where the key holds neither the new
 * nor the old value.
 */
export function undoKeyFlip(
  context: Context,
  flip: KeyFlip,
  prepared: PreparedKeyFlip,
  options: KeyWriteOptions,
): { readonly sha256: string } {
  const { bytes, place } = look(context, flip);
  const sha256 = sha256Hex(bytes);
  if (place.value === prepared.from) return { sha256 };
  return write(context, flip, { to: prepared.from, expect: { from: flip.to, sha256 } }, options);
}

function write(
  context: Context,
  flip: KeyFlip,
  change: { readonly to: string; readonly expect: PreparedKeyFlip },
  options: KeyWriteOptions,
): { readonly sha256: string } {
  const { path, bytes, place } = look(context, flip);
  expectBytes(flip, change.expect, bytes, place);
  const text = render(flip, bytes.toString("utf8"), place, change.to);
  const temporary = join(dirname(path), `.${basename(path)}.flip-${options.tag}`);
  try {
    writeBeside(path, temporary, text);
    options.onStep?.("written");
    // Once more, as late as can be: the moment that is left is that of one rename.
    expectBytes(flip, change.expect, readFileSync(path), place);
    renameSync(temporary, path);
    options.onStep?.("renamed");
    fsyncDirectory(dirname(path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw toStoreError(error, `Writing ${flip.file}`);
  }
  const now = look(context, flip);
  if (now.place.value !== change.to) throw moved(flip, change.to, now.place.value);
  return { sha256: sha256Hex(now.bytes) };
}

function writeBeside(path: string, temporary: string, text: string): void {
  const stat = statSync(path);
  rmSync(temporary, { force: true });
  const fd = openSync(temporary, "wx", 0o600);
  try {
    writeFully(fd, Buffer.from(text, "utf8"));
    fchownSync(fd, stat.uid, stat.gid);
    fchmodSync(fd, stat.mode & 0o7777);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function look(context: Context, flip: Pick<KeyFlip, "file" | "key">): { path: string; bytes: Buffer; place: KeyPlace } {
  const kind = keyedKind(flip.file);
  if (kind === undefined) throw unfit(flip, "its name ends in none of .json, .yaml, .yml, .env");
  const { path, bytes } = readTarget(context, flip);
  if (!isUtf8(bytes)) throw unfit(flip, "it is not UTF-8");
  const place = findKey(kind, bytes.toString("utf8"), flip.key);
  if (typeof place === "string") throw unfit(flip, place);
  return { path, bytes, place };
}

function readTarget(context: Context, flip: Pick<KeyFlip, "file" | "key">): { path: string; bytes: Buffer } {
  try {
    const path = realpathSync.native(under(context.root, flip.file));
    const stat = lstatSync(path);
    if (!stat.isFile()) throw unfit(flip, "it is no regular file");
    if (stat.nlink > 1) throw unfit(flip, "it has a second name (hard link) that would keep the old bytes");
    return { path, bytes: readFileSync(path) };
  } catch (error) {
    throw toStoreError(error, `Reading ${flip.file}`);
  }
}

function render(flip: KeyFlip, text: string, place: KeyPlace, to: string): string {
  const changed = replaceAt(text, place, to);
  const kind = keyedKind(flip.file);
  const again = changed === undefined || kind === undefined ? undefined : findKey(kind, changed, flip.key);
  if (changed === undefined || typeof again !== "object" || again.value !== to) {
    throw unfit(flip, "the new value cannot be written in the place of the old one without changing its type");
  }
  return changed;
}

function expectBytes(flip: KeyFlip, expected: PreparedKeyFlip, bytes: Buffer, place: KeyPlace): void {
  if (place.value !== expected.from) throw moved(flip, expected.from, place.value);
  if (sha256Hex(bytes) === expected.sha256) return;
  throw new MigrationError("POINTER_MOVED", {
    message: `${flip.file} was edited since its old value was recorded; it was not changed.`,
    remedy: "Look at the edit, then decide anew.",
  });
}

function moved(flip: KeyFlip, expected: string, found: string): MigrationError {
  return new MigrationError("POINTER_MOVED", {
    message: `${flip.key} of ${flip.file} does not hold what was recorded: expected ${expected}, got ${found}.`,
    remedy: "Find out who changed it, then decide anew.",
  });
}

function unfit(flip: Pick<KeyFlip, "file" | "key">, why: string): MigrationError {
  return new MigrationError("TARGET_UNFIT", {
    message: `${flip.key} of ${flip.file} cannot be flipped: ${why}.`,
    remedy: "Correct the plan or the file, then run the command again.",
  });
}
