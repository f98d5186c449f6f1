import { closeSync, existsSync, fstatSync, fsyncSync, openSync, readFileSync, readSync } from "node:fs";
import { dirname } from "node:path";
import { isJsonObject } from "../model/json.ts";
import { fsyncDirectory, toStoreError, writeFully } from "./atomic-file.ts";
import type { LinkValue } from "./live-link.ts";

/** One flip that was begun: the link and its two values; written before the link changes. */
export interface FlipEntry {
  readonly link: string;
  readonly from: LinkValue;
  readonly to: LinkValue;
  /** True for the way back of the flip before. */
  readonly isBack: boolean;
  /** Start of the flip in UTC. */
  readonly at: string;
}

/** The flips in the order in which they were begun; a torn last line counts as none. */
export function readFlips(path: string): readonly FlipEntry[] {
  try {
    if (!existsSync(path)) return [];
    return readFileSync(path, "utf8")
      .split("\n")
      .map(parseEntry)
      .filter((entry) => entry !== undefined);
  } catch (error) {
    throw toStoreError(error, "Reading the list of flips");
  }
}

/** The last flip of each link. */
export function lastFlips(path: string): ReadonlyMap<string, FlipEntry> {
  return new Map(readFlips(path).map((entry) => [entry.link, entry]));
}

/** Adds a flip, on the disk when it returns. */
export function appendFlip(path: string, entry: FlipEntry): void {
  try {
    const isNew = !existsSync(path);
    const fd = openSync(path, "a+", 0o644);
    try {
      const torn = endsTorn(fd) ? "\n" : "";
      writeFully(fd, Buffer.from(`${torn}${JSON.stringify(entry)}\n`, "utf8"));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    if (isNew) fsyncDirectory(dirname(path));
  } catch (error) {
    throw toStoreError(error, "Writing the list of flips");
  }
}

function endsTorn(fd: number): boolean {
  const { size } = fstatSync(fd);
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  readSync(fd, last, 0, 1, size - 1);
  return last[0] !== 0x0a;
}

function parseEntry(line: string): FlipEntry | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (!isJsonObject(value)) return undefined;
    const { link, from, to, isBack, at } = value;
    if (typeof link !== "string" || typeof at !== "string" || !isValue(from) || !isValue(to)) return undefined;
    return { link, from, to, isBack: isBack === true, at };
  } catch {
    return undefined;
  }
}

function isValue(value: unknown): value is LinkValue {
  return value === null || typeof value === "string";
}
