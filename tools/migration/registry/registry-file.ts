import { closeSync, openSync, readSync } from "node:fs";
import type { OpenedFile } from "../files/byte-window.ts";
import { MigrationError, systemCode } from "../model/errors.ts";

/** Where a registry is read from and how errors name it. */
export interface RegistryFileName {
  readonly path: string;
  /** How findings and errors name the file: relative to the project, forward slashes. */
  readonly file: string;
  readonly module: string;
}

/** Opens a registry; throws `REGISTRY_MISSING` with the command that makes one, or `IO`. */
export function openRegistry(name: RegistryFileName): OpenedFile {
  const descriptor = attempt(name, () => openSync(name.path, "r"));
  return {
    read: (target, begin, length) => attempt(name, () => readSync(descriptor, target, begin, length, null)),
    close: () => closeSync(descriptor),
  };
}

/** The error for a file that is not a registry at all; `words` say what was expected and what was there. */
export function registryInvalid(name: RegistryFileName, offset: number, words: string): MigrationError {
  return new MigrationError("REGISTRY_INVALID", {
    message: `Reading ${name.file} at byte ${offset}: ${words}.`,
    remedy: `Mend the file or bring it back from version control, then \`candor registry check ${name.module}\`.`,
  });
}

function attempt<T>(name: RegistryFileName, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT") {
      throw new MigrationError("REGISTRY_MISSING", {
        message: `Reading the registry of ${name.module}: expected the file ${name.file}, got none.`,
        remedy: `candor registry generate ${name.module}`,
        cause: error,
      });
    }
    throw new MigrationError("IO", {
      message: `Reading ${name.file}: expected a readable file, got ${code ?? "an unknown error"}.`,
      remedy: "Check that the path is a file and that this user may read it, then run the same command again.",
      cause: error,
    });
  }
}
