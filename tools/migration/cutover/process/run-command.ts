import { MigrationError } from "../../model/errors.ts";
import type { CommandSpec, Recovery, RunningCommand } from "./command.ts";
import { recoverLocal, startLocal } from "./local-command.ts";
import { recoverSsh, startSsh } from "./ssh-command.ts";

/**
 * Starts a command, here or on another host. Its folder must be new: a folder in which something was started is for
 * `recoverCommand`. VALUE_INVALID for a name or value that no shell can hold.
 */
export function startCommand(spec: CommandSpec): Promise<RunningCommand> {
  assertExportable(spec);
  return spec.ssh === null ? startLocal(spec) : startSsh({ ...spec, ssh: spec.ssh });
}

/** What came of a command whose driver is dead; `spec` as it was started with. */
export function recoverCommand(spec: CommandSpec): Promise<Recovery> {
  assertExportable(spec);
  return spec.ssh === null ? recoverLocal(spec) : recoverSsh({ ...spec, ssh: spec.ssh });
}

function assertExportable(spec: CommandSpec): void {
  for (const [name, value] of Object.entries(spec.variables)) {
    const problem = /^[A-Za-z][A-Za-z0-9_]*$/.test(name) ? undefined : "the name is not one of a shell variable";
    const nul = value.includes("\0") ? "its value holds a NUL" : undefined;
    if (problem === undefined && nul === undefined) continue;
    throw new MigrationError("VALUE_INVALID", {
      message: `The variable ${JSON.stringify(name)} cannot be exported: ${problem ?? nul}.`,
    });
  }
}
