import {
  lstatSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { MigrationError, systemCode } from "../model/errors.ts";
import { fsyncDirectory, toStoreError } from "./atomic-file.ts";

/** The text of a link as readlink gives it; null where there is no link yet. */
export type LinkValue = string | null;

/** One change of a link from a known value to another. */
export interface LinkSwap {
  readonly link: string;
  /** What the link must hold now; null for absent. */
  readonly from: LinkValue;
  /** What it holds afterwards; null removes it. */
  readonly to: LinkValue;
  /** Names the temporary link; one that an earlier try of the same tag left is removed, others are left alone. */
  readonly tag: string;
  /** Told after every change on disk; tests stop the process there. */
  readonly onStep?: (step: string) => void;
}

/** The value of a link; TARGET_UNFIT where a real file or folder has its name. */
export function readLink(link: string): LinkValue {
  try {
    const stat = lstatSync(link, { throwIfNoEntry: false });
    if (stat === undefined) return null;
    if (stat.isSymbolicLink()) return readlinkSync(link);
    const what = stat.isDirectory() ? "folder" : "file";
    throw new MigrationError("TARGET_UNFIT", {
      message: `${link} is a real ${what}, not a link; a flip never replaces data.`,
      remedy: `Stop its readers, move it away (\`mv ${basename(link)} ${basename(link)}.before\`), link to it in its place (\`ln -s ${basename(link)}.before ${basename(link)}\`), then run the command again.`,
    });
  } catch (error) {
    throw toStoreError(error, `Reading the link ${link}`);
  }
}

/**
 * Changes a link in one step for its readers: a temporary link in the link's own folder takes its name by rename, and
 * the folder is synced. POINTER_MOVED where the link does not hold `from` right before, or `to` right after.
 */
export function swapLink(swap: LinkSwap): void {
  const { link, from, to } = swap;
  const step = swap.onStep ?? (() => {});
  try {
    expectValue(link, from);
    const temporary = join(dirname(link), `.${basename(link)}.flip-${swap.tag}`);
    removeOwn(temporary);
    if (to === null) {
      if (from !== null) unlinkSync(link);
    } else {
      symlinkSync(to, temporary);
      step("linked");
      expectValue(link, from);
      renameSync(temporary, link);
    }
    step("renamed");
    fsyncDirectory(dirname(link));
    step("synced");
    expectValue(link, to);
  } catch (error) {
    throw toStoreError(error, `Changing the link ${link}`);
  }
}

/** The folder a link with this value leads to; TARGET_UNFIT where an application could not read it there. */
export function assertTarget(link: string, value: string): string {
  const path = resolve(dirname(link), value);
  const unfit = (why: string): MigrationError =>
    new MigrationError("TARGET_UNFIT", {
      message: `${value} (${path}) ${why}; the pointer was not changed.`,
      remedy: "`candor promote` makes a release; `candor pointer show` tells where the pointer leads.",
    });
  if (path === resolve(link)) throw unfit("is the link itself");
  try {
    if (!statSync(path).isDirectory()) throw unfit("is not a directory");
    if (readdirSync(path).length === 0) throw unfit("is empty");
    return realpathSync.native(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") throw unfit(isLink(path) ? "is a dangling link" : "does not exist");
    if (code === "ELOOP") throw unfit("is a loop of links");
    if (code === "EACCES" || code === "EPERM") throw unfit("cannot be read by this user");
    throw error;
  }
}

function expectValue(link: string, expected: LinkValue): void {
  const found = readLink(link);
  if (found === expected) return;
  throw new MigrationError("POINTER_MOVED", {
    message: `${link} does not hold what was recorded: expected ${shown(expected)}, got ${shown(found)}.`,
    remedy: "Find out who moved it; `candor pointer show` tells where it leads. Then decide anew.",
  });
}

/** A link value in words. */
export function shown(value: LinkValue): string {
  return value ?? "absent";
}

function removeOwn(temporary: string): void {
  if (isLink(temporary)) unlinkSync(temporary);
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  } catch {
    return false;
  }
}
