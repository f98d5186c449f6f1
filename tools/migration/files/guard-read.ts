import { MigrationError, systemCode } from "../model/errors.ts";

/** The value of `read`; UNVERIFIABLE with the name of the file where the system refuses it. */
export function guardRead<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof MigrationError || systemCode(error) === undefined) throw error;
    throw new MigrationError("UNVERIFIABLE", {
      message: `Reading ${name} failed (${systemCode(error)}).`,
      remedy: "Make the file readable for this user and check the disk, then run the command again.",
      cause: error,
    });
  }
}
