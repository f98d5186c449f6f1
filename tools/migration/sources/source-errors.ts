import { MigrationError } from "../model/errors.ts";

/** The error that names everything the configuration asks for and the source does not have. */
export function lacks(problems: readonly string[], remedy: string): MigrationError {
  return new MigrationError("SOURCE_INVALID", {
    message: `The source lacks ${problems.length === 1 ? "a collection" : `${problems.length} collections`}.`,
    problems,
    remedy,
  });
}

/** The error of a path at which nothing is. */
export function doesNotExist(label: string): MigrationError {
  return new MigrationError("SOURCE_INVALID", {
    message: `The source ${label} does not exist.`,
    remedy: "Correct `source.path` in migration/migration.json.",
  });
}

/** The error of a source that was written to during the run. */
export function changed(label: string): MigrationError {
  return new MigrationError("SOURCE_READ", {
    message: `The source ${label} changed while it was read; what was read may be of two states.`,
    remedy: "Block writes to the source, then run the command again.",
  });
}
