import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../config/paths.ts";
import { loadProject } from "../config/project.ts";
import { compareCodeUnits } from "../integrity/order.ts";
import { type Check, type FindingSink, finding } from "../model/finding.ts";
import type { ModuleDefinition } from "../model/module.ts";
import { findSharedIds } from "../registry/shared-uuids.ts";
import { SpillFolder } from "../stores/spill-folder.ts";
import type { Context } from "./context.ts";
import { assertRegistries, checkFreeze } from "./inputs.ts";
import { pickModules } from "./pick-modules.ts";
import { surveyRegistries } from "./registry-survey.ts";
import { type Outcome, Report } from "./report.ts";

const CHECKS: ReadonlySet<Check> = new Set<Check>(["registry", "waivers"]);

/** Checks registries by themselves and against the freeze; `modules` empty means all. */
export async function checkRegistries(
  context: Context,
  options: { readonly runId: string; readonly modules: readonly string[] },
): Promise<Outcome> {
  const project = loadProject(context.root);
  const modules = pickModules(project.modules, options.modules);
  const report = new Report(context, {
    command: "registry check",
    runId: options.runId,
    waivers: project.waivers.filter((waiver) => waiver.code !== "REGISTRY_ENTRY_UNUSED"),
    checks: CHECKS,
    modules: new Set(modules.map(({ name }) => name)),
  });
  const folder = new SpillFolder(join(context.root, PROJECT.reports));
  try {
    assertRegistries(context.root, modules);
    const registries = await surveyRegistries(context, modules, { folder, sink: report.book.sink });
    findSharedIds([...registries.values()], folder, report.book.sink);
    checkFreeze(context.root, registries, report.book.sink);
    if (options.modules.length === 0) checkUnknownRegistries(context.root, project.modules, report.book.sink);
    const sizes = [...registries.values()].map(({ module, size }) => [module, { size }] as const);
    return report.publish({ modules: Object.fromEntries(sizes), level: "registry" });
  } catch (error) {
    report.discard();
    throw error;
  } finally {
    folder.close();
  }
}

/** Reports files beside the registries that belong to no module. */
export function checkUnknownRegistries(root: string, modules: readonly ModuleDefinition[], sink: FindingSink): void {
  const folder = join(root, PROJECT.mapping);
  if (!existsSync(folder)) return;
  const known = new Set(modules.flatMap(({ name }) => [`${name}.json`, `${name}.jsonl`]));
  for (const name of readdirSync(folder).sort(compareCodeUnits)) {
    const file = `${PROJECT.mapping}/${name}`;
    if (known.has(name) || file === PROJECT.lock || file === PROJECT.lockEntries || name.startsWith(".")) continue;
    sink(finding("REGISTRY_FILE_UNKNOWN", { file }));
  }
}
