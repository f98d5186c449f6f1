import { type Stats, statSync } from "node:fs";
import { MigrationError, systemCode } from "../model/errors.ts";

/** What is at a path of the source, undefined for nothing; SOURCE_INVALID where nobody may look, or links lead nowhere. */
export function statSource(path: string, label: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw new MigrationError("SOURCE_INVALID", {
      message: `The source ${label} cannot be read (${systemCode(cause) ?? "unknown error"}).`,
      remedy: "Correct the path or its links, or give the user who runs this the right to read it.",
      cause,
    });
  }
}
