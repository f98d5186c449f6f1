import { MigrationError, systemCode } from "../model/errors.ts";

/** Drivers that are installed only where they are used. */
interface Drivers {
  readonly pg: Pick<typeof import("pg"), "Client">;
  readonly "pg-copy-streams": typeof import("pg-copy-streams");
  readonly mysql2: typeof import("mysql2");
  readonly "csv-parse": typeof import("csv-parse");
}

const IMPORTS: { readonly [Name in keyof Drivers]: () => Promise<Drivers[Name]> } = {
  // A CommonJS package: its classes hang on the default export.
  pg: async () => (await import("pg")).default,
  "pg-copy-streams": () => import("pg-copy-streams"),
  mysql2: async () => (await import("mysql2")).default,
  "csv-parse": () => import("csv-parse"),
};

/** Loads a driver when it is used; DRIVER_MISSING tells the install command. */
export async function loadDriver<Name extends keyof Drivers>(name: Name, purpose: string): Promise<Drivers[Name]> {
  try {
    return await IMPORTS[name]();
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
