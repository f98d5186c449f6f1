import { loadProject } from "../config/project.ts";
import type { Context } from "./context.ts";
import { checkFreeze, loadRegistries, openSource } from "./inputs.ts";
import { createMappers, type Ledger, MAP_CHECKS, mapModules } from "./map-modules.ts";
import { checkUnknownRegistries } from "./registry-check.ts";
import { type ModuleSummary, type Outcome, Report } from "./report.ts";

/** Everything `migrate` would do but the writing: reads, maps, checks; writes only its report. */
export async function dryRun(context: Context, options: { readonly runId: string }): Promise<Outcome> {
  const project = loadProject(context.root);
  const source = await openSource(project);
  const report = new Report(context, {
    command: "dry-run",
    runId: options.runId,
    waivers: project.waivers,
    checks: MAP_CHECKS,
  });
  try {
    const registries = loadRegistries(context.root, project.modules, report.book.sink);
    checkFreeze(context.root, registries, report.book.sink);
    checkUnknownRegistries(context.root, project.modules, report.book.sink);
    const mappers = createMappers(project, registries, report.book.sink);
    const ledgers = await mapModules({
      project,
      registries,
      mappers,
      source,
      book: report.book,
      context,
      emit: () => {},
    });
    await source.assertUnchanged();
    return report.publish({ modules: summarize(ledgers), level: "dry-run" });
  } catch (error) {
    report.discard();
    throw error;
  } finally {
    await source.close();
  }
}

/** The ledgers as parts of a summary. */
export function summarize(ledgers: ReadonlyMap<string, Ledger>): Record<string, ModuleSummary> {
  return Object.fromEntries(
    [...ledgers].map(([name, { read, written, rejected }]) => [name, { read, written, rejected }]),
  );
}
