import { chmodSync, chownSync, constants, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { MigrationError } from "../model/errors.ts";
import { fsyncDirectory } from "./atomic-file.ts";
import { fsyncFile } from "./folder-tree.ts";

/** Modes and, where they are decided, owner and group of a copy. */
export interface TreeAccess {
  readonly folderMode: number;
  readonly fileMode: number;
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Copies the folder `from` to the new folder `to`, sharing blocks where the file system can, never as hard links; every
 * file is on the disk when it returns. `afterFile` may end it by an error. INTERNAL where something is neither file nor folder.
 */
export async function copyTree(from: string, to: string, afterFile: () => Promise<void>): Promise<void> {
  mkdirSync(to, { mode: 0o700, recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyTree(source, target, afterFile);
    else if (entry.isFile()) {
      await copyFile(source, target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
      fsyncFile(target);
      await afterFile();
    } else {
      throw new MigrationError("INTERNAL", { message: `${source} is neither file nor folder.` });
    }
  }
}

/** Gives everything below and at `path` its owner, group and mode, the deepest first, and syncs it. */
export function setAccess(path: string, access: TreeAccess): void {
  const stat = lstatSync(path);
  if (stat.isDirectory()) for (const name of readdirSync(path)) setAccess(join(path, name), access);
  const { uid = stat.uid, gid = stat.gid } = access;
  if (uid !== stat.uid || gid !== stat.gid) chownSync(path, uid, gid);
  // After chown: a change of owner takes special bits away.
  chmodSync(path, stat.isDirectory() ? access.folderMode : access.fileMode);
  if (stat.isDirectory()) fsyncDirectory(path);
  else fsyncFile(path);
}

/** Paths below and at `path` that do not belong to this owner and group, or are a second name of a file. */
export function strangers(path: string, owner: { readonly uid: number; readonly gid: number }, name = "."): string[] {
  const stat = lstatSync(path);
  const own = stat.uid === owner.uid && stat.gid === owner.gid && (stat.isDirectory() || stat.nlink === 1);
  const below = stat.isDirectory()
    ? readdirSync(path).flatMap((entry) => strangers(join(path, entry), owner, join(name, entry)))
    : [];
  return own ? below : [name, ...below];
}

/** Makes every folder below and at `path` removable by its owner. */
export function unlockFolders(path: string): void {
  if (!lstatSync(path).isDirectory()) return;
  chmodSync(path, 0o700);
  for (const name of readdirSync(path)) unlockFolders(join(path, name));
}
