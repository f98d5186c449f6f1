import { MigrationError } from "../model/errors.ts";
import type { ModuleDefinition } from "../model/module.ts";

/** The modules of these names in the order of migration.json; all where none is named. USAGE for an unknown name. */
export function pickModules(
  modules: readonly ModuleDefinition[],
  names: readonly string[],
): readonly ModuleDefinition[] {
  const unknown = names.filter((name) => !modules.some((module) => module.name === name));
  if (unknown.length > 0) {
    throw new MigrationError("USAGE", {
      message: `Unknown ${unknown.length === 1 ? "module" : "modules"} ${unknown.join(", ")}.`,
      remedy: `The modules are: ${modules.map(({ name }) => name).join(" ")}.`,
    });
  }
  return names.length === 0 ? modules : modules.filter(({ name }) => names.includes(name));
}
