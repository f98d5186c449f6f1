import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type ErrorCode, MigrationError, systemCode } from "../model/errors.ts";
import { FILE_MODE } from "./module-files.ts";

/** Characters of text that are written at once. */
const BLOCK_LENGTH = 65_536;
const FREE_SPACE = "Free space (`candor prune` removes old generations), then run the command again.";
const MAKE_WRITABLE = "Make the folder writable for this user, then run the command again.";

const CODES: Readonly<Record<string, { code: ErrorCode; said: string; remedy: string } | undefined>> = {
  ENOSPC: { code: "DISK_FULL", said: "the disk is full", remedy: FREE_SPACE },
  EDQUOT: { code: "DISK_FULL", said: "the disk quota is used up", remedy: FREE_SPACE },
  EROFS: { code: "NOT_WRITABLE", said: "the file system is read-only", remedy: MAKE_WRITABLE },
  EACCES: { code: "NOT_WRITABLE", said: "permission was denied", remedy: MAKE_WRITABLE },
  EPERM: { code: "NOT_WRITABLE", said: "the operation is not permitted", remedy: MAKE_WRITABLE },
};

/** The coded form of a failed file operation, `doing` said as "Writing run.json"; a MigrationError passes through. */
export function toStoreError(error: unknown, doing: string): MigrationError {
  if (error instanceof MigrationError) return error;
  const system = systemCode(error);
  const known = system === undefined ? undefined : CODES[system];
  if (known === undefined) {
    return new MigrationError("IO", { message: `${doing} failed: ${system ?? "unknown error"}.`, cause: error });
  }
  const message = `${doing} failed: ${known.said} (${system}).`;
  return new MigrationError(known.code, { message, remedy: known.remedy, cause: error });
}

/** Writes all of `bytes` at the position of `fd`; throws the system error when that is not possible. */
export function writeFully(fd: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) {
    // A full disk takes a part without an exception; only the next call says ENOSPC.
    const written = writeSync(fd, bytes, done, bytes.length - done);
    if (written === 0) throw new MigrationError("IO", { message: "A write took no bytes and gave no error." });
    done += written;
  }
}

/** Makes renames, links and removals inside `path` durable. */
export function fsyncDirectory(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } catch (error) {
    // Some network file systems cannot fsync a directory and say so with EINVAL.
    if (systemCode(error) !== "EINVAL") throw error;
  } finally {
    closeSync(fd);
  }
}

/** A file that is written durably, but not yet under its name. */
export interface StagedFile {
  /** Puts it in the place of what was there, durably. */
  publish(): void;
  /** Removes it; to be called instead of `publish`. */
  discard(): void;
}

/** Writes a file beside `path`, to take its place later; the mode does not depend on the umask. */
export function stageFile(
  path: string,
  content: string | Uint8Array | Iterable<string>,
  options: { readonly mode?: number } = {},
): StagedFile {
  return guarded(path, () => {
    const temporary = openTemporary(path);
    const discard = (): void => rmSync(temporary.path, { force: true });
    try {
      fill(temporary.fd, content, options.mode ?? FILE_MODE);
    } catch (error) {
      discard();
      throw error;
    }
    return { discard, publish: () => guarded(path, () => take(temporary.path, path)) };
  });
}

/** Replaces the file at `path` as a whole or not at all, durably; the mode does not depend on the umask. */
export function writeFileAtomic(
  path: string,
  content: string | Uint8Array | Iterable<string>,
  options: { readonly mode?: number } = {},
): void {
  stageFile(path, content, options).publish();
}

function guarded<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw toStoreError(error, `Writing ${basename(path)}`);
  }
}

function take(temporary: string, path: string): void {
  try {
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  fsyncDirectory(dirname(path));
}

/** Opens a new private file beside `path`; a leftover of an earlier process with the same pid is stepped over. */
function openTemporary(path: string): { fd: number; path: string } {
  for (let attempt = 0; ; attempt++) {
    const candidate = join(dirname(path), `.${basename(path)}.tmp-${process.pid}-${attempt}`);
    try {
      return { fd: openSync(candidate, "wx", 0o600), path: candidate };
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error;
    }
  }
}

function fill(fd: number, content: string | Uint8Array | Iterable<string>, mode: number): void {
  try {
    if (content instanceof Uint8Array) writeFully(fd, content);
    else if (typeof content === "string") writeFully(fd, Buffer.from(content, "utf8"));
    else for (const part of inBlocks(content)) writeFully(fd, Buffer.from(part, "utf8"));
    fchmodSync(fd, mode);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Many small parts as few large ones: a call of the system costs more than the text of a line. */
function* inBlocks(parts: Iterable<string>): Generator<string> {
  let block = "";
  for (const part of parts) {
    block += part;
    if (block.length < BLOCK_LENGTH) continue;
    yield block;
    block = "";
  }
  if (block !== "") yield block;
}
