import { type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { MigrationError } from "../model/errors.ts";

const GROUP = { read: 0o050, enter: 0o010 };
const OTHERS = { read: 0o005, enter: 0o001 };

/** Who can read a folder: its owner, its group and all others, the folders above it counted. */
export interface Access {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly openToGroup: boolean;
  readonly openToOthers: boolean;
}

/** The access to the folder at `path`, links followed. */
export function accessOf(path: string): Access {
  const stat = statSync(path);
  const above = foldersAbove(path);
  const openToOthers = has(stat, OTHERS.read) && above.every((folder) => has(folder, OTHERS.enter));
  const openToGroup =
    has(stat, GROUP.read) &&
    above.every((folder) => has(folder, OTHERS.enter) || (folder.gid === stat.gid && has(folder, GROUP.enter)));
  return { uid: stat.uid, gid: stat.gid, mode: stat.mode & 0o7777, openToGroup, openToOthers };
}

/** A difference of access that a plan or a person can accept. */
export type AccessDifference = "owner" | "mode";

/** What a reader of `before` could lose on `after`, in words; empty where nobody loses anything. */
export function lostAccess(
  before: Access,
  after: Access,
): readonly { readonly kind: AccessDifference; readonly text: string }[] {
  if (after.openToOthers) return [];
  if (before.openToOthers) return [{ kind: "mode", text: "mode: all users could read the old target" }];
  const lost: { kind: AccessDifference; text: string }[] = [];
  if (before.uid !== after.uid) lost.push({ kind: "owner", text: `owner: expected ${before.uid}, got ${after.uid}` });
  if (!before.openToGroup) return lost;
  if (before.gid !== after.gid) lost.push({ kind: "owner", text: `group: expected ${before.gid}, got ${after.gid}` });
  if (!after.openToGroup) lost.push({ kind: "mode", text: "mode: the group could read the old target" });
  return lost;
}

/** Refuses a target that someone who reads the old one might not be able to read; TARGET_UNFIT. */
export function assertSameReaders(before: string, after: string, allow: readonly AccessDifference[] = []): void {
  const lost = lostAccess(accessOf(before), accessOf(after)).filter(({ kind }) => !allow.includes(kind));
  if (lost.length === 0) return;
  throw new MigrationError("TARGET_UNFIT", {
    message: "The new target is closed to readers of the old one; the pointer was not changed.",
    problems: lost.map(({ text }) => text),
    remedy: "Set `access` in migration/live.json and promote again, or allow the difference where it is meant so.",
  });
}

function foldersAbove(path: string): Stats[] {
  const parent = dirname(path);
  return parent === path ? [] : [statSync(parent), ...foldersAbove(parent)];
}

function has(stat: Stats, bits: number): boolean {
  return (stat.mode & bits) === bits;
}
