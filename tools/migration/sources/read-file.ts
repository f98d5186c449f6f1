import { closeSync, openSync, readSync } from "node:fs";
import type { OpenedFile } from "../files/byte-window.ts";
import { MigrationError } from "../model/errors.ts";

/** Which file is read, and for what. */
export interface FilePlace {
  readonly path: string;
  /** The path as a person wrote it. */
  readonly label: string;
  readonly collection: string;
}

/** Opens a source file for one pass; SOURCE_READ when that or a read fails. */
export function openFile(place: FilePlace): OpenedFile {
  const descriptor = guardRead(place, () => openSync(place.path, "r"));
  return {
    read: (target, begin, length) => guardRead(place, () => readSync(descriptor, target, begin, length, null)),
    close: () => closeSync(descriptor),
  };
}

/** Runs `action`, giving what it throws a code and a next step. */
export function guardRead<T>({ collection }: FilePlace, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    const why = cause instanceof MigrationError ? ` ${cause.message}` : "";
    throw new MigrationError("SOURCE_READ", {
      message: `Reading the collection ${collection} failed.${why}`,
      remedy: "Check the file and its disk, then run the command again.",
      cause,
    });
  }
}

/** The error of a file that is not of its form at all. */
export function notOfForm({ label }: FilePlace, words: string): MigrationError {
  return new MigrationError("SOURCE_READ", {
    message: `Reading ${label}: ${words}.`,
    remedy: "Mend the file, then run the command again.",
  });
}
