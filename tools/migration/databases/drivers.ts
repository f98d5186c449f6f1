import { importModule } from "../files/import-module.ts";
import { MigrationError, systemCode } from "../model/errors.ts";

/** Drivers that are installed only where they are used. */
interface Drivers {
  readonly pg: Pick<typeof import("pg"), "Client">;
  readonly "pg-copy-streams": typeof import("pg-copy-streams");
  readonly mysql2: typeof import("mysql2");
  readonly "csv-parse": typeof import("csv-parse");
}

/** CommonJS packages: their classes hang on the default export. */
const HAS_DEFAULT: ReadonlySet<keyof Drivers> = new Set(["pg", "mysql2"]);

/** Loads a driver when it is used; DRIVER_MISSING tells the install command. */
export async function loadDriver<Name extends keyof Drivers>(name: Name, purpose: string): Promise<Drivers[Name]> {
  try {
    const loaded = (await importModule(name)) as Drivers[Name] & { readonly default: Drivers[Name] };
    return HAS_DEFAULT.has(name) ? loaded.default : loaded;
  } catch (cause) {
    throw driverError(name, purpose, cause);
  }
}

/** The error of a driver that could not be loaded: not installed, or broken. */
export function driverError(name: string, purpose: string, cause: unknown): MigrationError {
  const isMissing = systemCode(cause) === "ERR_MODULE_NOT_FOUND" || systemCode(cause) === "MODULE_NOT_FOUND";
  return new MigrationError("DRIVER_MISSING", {
    message: isMissing
      ? `${purpose} needs the package ${name}, which is not installed.`
      : `${purpose} needs the package ${name}, which cannot be loaded (${systemCode(cause) ?? "unknown error"}).`,
    remedy: `npm install ${name}`,
    cause,
  });
}
