import { closeSync, fstatSync, lstatSync, openSync, readdirSync, readFileSync, type Stats } from "node:fs";
import { join } from "node:path";
import { compareCodeUnits } from "../integrity/order.ts";
import { MigrationError, systemCode } from "../model/errors.ts";

/** Any failure to read a candidate: it could not be verified, which is not the same as being wrong. */
export function unverifiable(name: string, error: unknown): MigrationError {
  if (error instanceof MigrationError) return error;
  return new MigrationError("UNVERIFIABLE", {
    message: `Reading ${name} of the candidate failed (${systemCode(error) ?? "unknown error"}).`,
    remedy: "Make the candidate readable for this user and check the disk, then run the command again.",
    cause: error,
  });
}

/** What is at a path, without following links; undefined when nothing is. */
export function statPath(folder: string, name: string): Stats | undefined {
  try {
    return lstatSync(join(folder, name), { throwIfNoEntry: false });
  } catch (error) {
    if (systemCode(error) === "ENOTDIR") return undefined;
    throw unverifiable(name, error);
  }
}

/** Names in a folder, ascending by code units. */
export function listFolder(folder: string, name: string): readonly string[] {
  try {
    return readdirSync(join(folder, name)).sort(compareCodeUnits);
  } catch (error) {
    throw unverifiable(name === "" ? "the folder" : name, error);
  }
}

/** Largest merkle.json or run.json that is read: beyond it the file is not one of ours. */
const SMALL_FILE_BYTES = 64 * 1024 * 1024;

/** The bytes of a small file (merkle.json, run.json); undefined when it is absent, not a file, or far too large. */
export function readSmallFile(folder: string, name: string): Buffer | undefined {
  if (statPath(folder, name)?.isFile() !== true) return undefined;
  try {
    const descriptor = openSync(join(folder, name), "r");
    try {
      return fstatSync(descriptor).size > SMALL_FILE_BYTES ? undefined : readFileSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw unverifiable(name, error);
  }
}
