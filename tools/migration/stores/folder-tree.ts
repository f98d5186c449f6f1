import { chmodSync, closeSync, fsyncSync, lstatSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { MigrationError } from "../model/errors.ts";
import { fsyncDirectory } from "./atomic-file.ts";
import { DIRECTORY_MODE, FILE_MODE } from "./module-files.ts";

/** Size of a folder: bytes and number of its regular files. */
export interface TreeSize {
  readonly bytes: number;
  readonly files: number;
}

/** Counts what lies at `path`, links not followed. */
export function measureTree(path: string): TreeSize {
  const stat = lstatSync(path);
  if (!stat.isDirectory()) return { bytes: stat.size, files: 1 };
  let bytes = 0;
  let files = 0;
  for (const name of readdirSync(path)) {
    const size = measureTree(join(path, name));
    bytes += size.bytes;
    files += size.files;
  }
  return { bytes, files };
}

/** Sets the modes of a candidate on everything below and at `path`; INTERNAL where something is no file or folder. */
export function setModes(path: string): void {
  const stat = lstatSync(path);
  if (!stat.isDirectory() && !stat.isFile()) {
    throw new MigrationError("INTERNAL", { message: "A build holds something that is neither file nor folder." });
  }
  const mode = stat.isDirectory() ? DIRECTORY_MODE : FILE_MODE;
  if ((stat.mode & 0o7777) !== mode) {
    chmodSync(path, mode);
    if (stat.isFile()) fsyncFile(path);
  }
  if (stat.isDirectory()) for (const name of readdirSync(path).sort()) setModes(join(path, name));
}

/** Makes every folder below and at `path` durable, the deepest first; files were synced by their writer. */
export function fsyncFolders(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) fsyncFolders(join(path, entry.name));
  }
  fsyncDirectory(path);
}

/** The bytes of a file are on the disk when it returns. */
export function fsyncFile(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
