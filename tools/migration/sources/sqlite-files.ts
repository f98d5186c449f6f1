import { closeSync, openSync, readSync, statSync } from "node:fs";
import { MigrationError, systemCode } from "../model/errors.ts";
import { stampOf } from "./file-stamp.ts";
import { doesNotExist } from "./source-errors.ts";

const MAGIC = "SQLite format 3\0";
const READ_VERSION = 19;
const WRITE_AHEAD = 2;

/** The state of a database on disk: of its file, its journal and its write-ahead log. */
export function stampOfDatabase(path: string): string {
  return stampOf([path, `${path}-wal`, `${path}-journal`]);
}

/**
 * Looks at a database before SQLite opens it: SOURCE_INVALID for what is none, and whether it has to be opened
 * `immutable`. A database in WAL mode cannot be opened without its -wal and -shm files, and SQLite makes them where
 * they are missing, even for a reader; a database that was closed cleanly has none and is whole without them.
 */
export function inspectDatabase(path: string, label: string): { readonly immutable: boolean } {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw doesNotExist(label);
  if (!stat.isFile()) throw notADatabase(label, stat.isDirectory() ? "a folder" : "another kind of file");
  const header = readHeader(path, label);
  if (header.length === 0) throw notADatabase(label, "an empty file");
  if (header.toString("latin1", 0, MAGIC.length) !== MAGIC) {
    throw notADatabase(label, "a file without its header: something else, or encrypted");
  }
  if (header[READ_VERSION] !== WRITE_AHEAD) return { immutable: false };
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
  const index = statSync(`${path}-shm`, { throwIfNoEntry: false });
  if (log !== undefined && index !== undefined) return { immutable: false };
  if (log === undefined || log.size === 0) return { immutable: true };
  throw new MigrationError("SOURCE_INVALID", {
    message: `The source ${label} has a write-ahead log that no program has open: ${label}-wal without ${label}-shm.`,
    remedy: `Merge it on a copy: \`sqlite3 ${label} 'PRAGMA wal_checkpoint(TRUNCATE)'\`, then run the command again.`,
  });
}

function readHeader(path: string, label: string): Buffer {
  const header = Buffer.alloc(100);
  try {
    const fd = openSync(path, "r");
    try {
      return header.subarray(0, readSync(fd, header, 0, header.length, 0));
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    throw new MigrationError("SOURCE_INVALID", {
      message: `The source ${label} cannot be read (${systemCode(cause) ?? "unknown error"}).`,
      remedy: "Give the user who runs this the right to read the file.",
      cause,
    });
  }
}

function notADatabase(label: string, got: string): MigrationError {
  return new MigrationError("SOURCE_INVALID", {
    message: `The source ${label} is not an SQLite database: got ${got}.`,
    remedy: "Correct `source.path` in migration/migration.json; decrypt an encrypted database to a file first.",
  });
}
