import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { MigrationError, systemCode } from "../model/errors.ts";
import { stampOf } from "./file-stamp.ts";
import { doesNotExist } from "./source-errors.ts";
import { statSource } from "./stat-source.ts";

const MAGIC = "SQLite format 3\0";
const READ_VERSION = 19;
const WRITE_AHEAD = 2;

/** The state of a database on disk: of its file, its journal and its write-ahead log. */
export function stampOfDatabase(path: string): string {
  return stampOf([path, `${path}-wal`, `${path}-journal`]);
}

/**
 * Looks at a database before SQLite opens it: SOURCE_INVALID for what is none, and for one that SQLite cannot open
 * without writing. In WAL mode it makes the -wal and -shm files where they are missing, even for a reader, and a reader
 * leaves them behind; `immutable=1` would avoid that, but the driver is built without file names as URIs.
 */
export function assertReadable(path: string, label: string): void {
  const stat = statSource(path, label);
  if (stat === undefined) throw doesNotExist(label);
  if (!stat.isFile()) throw notADatabase(label, stat.isDirectory() ? "a folder" : "another kind of file");
  const header = readHeader(path, label);
  if (header.length === 0) throw notADatabase(label, "an empty file");
  if (header.toString("latin1", 0, MAGIC.length) !== MAGIC) {
    throw notADatabase(label, "a file without its header: something else, or encrypted");
  }
  if (header[READ_VERSION] !== WRITE_AHEAD) return;
  if (existsSync(`${path}-wal`) && existsSync(`${path}-shm`)) return;
  throw new MigrationError("SOURCE_INVALID", {
    message: `The source ${label} is in WAL mode and no program has it open: reading it would write files beside it.`,
    remedy: `On a copy of it and of its -wal file: \`sqlite3 ${label} 'PRAGMA journal_mode = DELETE'\`; read that one.`,
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
