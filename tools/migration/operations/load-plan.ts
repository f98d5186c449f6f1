import { type CandidateIndex, openCandidate } from "../checks/candidate-index.ts";
import { loadProject, type Project } from "../config/project.ts";
import type { SourceConfig } from "../config/source-config.ts";
import { MigrationError } from "../model/errors.ts";
import type { ModuleDefinition } from "../model/module.ts";
import type { TargetPlace } from "../targets/open-target.ts";
import { planTable, type TablePlan } from "../targets/table-plan.ts";
import type { Context } from "./context.ts";
import { parsePlace } from "./init-source.ts";
import { pickModules } from "./pick-modules.ts";

/** Which candidate and which target a command is about. */
export interface TargetOptions {
  /** `sqlite:target.db`, `postgres://ana@db/shop` or `mysql://…`. */
  readonly place: string;
  /** What a relative path in `place` starts from. */
  readonly workingDirectory: string;
  /** The candidate's folder, from the project. */
  readonly input: string;
  /** Module names; empty for all. */
  readonly modules: readonly string[];
}

/** One module and the table that is made for it. */
export interface PlannedTable {
  readonly module: ModuleDefinition;
  readonly table: TablePlan;
}

/** What `load` and `verify-target` begin with. */
export interface LoadPlan {
  readonly project: Project;
  readonly candidate: CandidateIndex;
  readonly place: TargetPlace;
  readonly tables: readonly PlannedTable[];
}

/** Opens the candidate and plans a table for each module; CONFIG_INVALID where the candidate is of other definitions. */
export function planLoad(context: Context, options: TargetOptions): LoadPlan {
  const project = loadProject(context.root);
  const candidate = openCandidate(context.root, options.input);
  const modules = pickModules(project.modules, options.modules);
  assertSameDefinitions(candidate, modules);
  const place = targetPlace(parsePlace(options.place, context.root, options.workingDirectory));
  return { project, candidate, place, tables: modules.map((module) => ({ module, table: planTable(module) })) };
}

function targetPlace(place: SourceConfig): TargetPlace {
  if (place.kind === "postgres" || place.kind === "mysql") return place;
  if (place.kind === "sqlite") return { kind: "sqlite", path: place.path };
  throw new MigrationError("USAGE", { message: "The target is sqlite:FILE, postgres://… or mysql://…." });
}

/** The columns come from the definitions, so they must be those that the candidate was built with. */
function assertSameDefinitions({ run, label }: CandidateIndex, modules: readonly ModuleDefinition[]): void {
  const problems = modules.flatMap(({ name, digests }) => {
    const built = run.inputs.modules[name];
    if (built === undefined) return [`${name}: expected a module of the candidate, got none`];
    if (built.schema !== digests.schema)
      return [`modules/${name}/schema.json: expected that of the build, got another`];
    if (built.definition !== digests.definition || built.mapper !== digests.mapper) {
      return [`modules/${name}/module.json: expected that of the build, got another`];
    }
    return [];
  });
  if (problems.length === 0) return;
  throw new MigrationError("CONFIG_INVALID", {
    message: `The candidate ${label} was built with other definitions than the project holds now.`,
    problems,
    remedy: "Check out the inputs of the build, or build anew with `candor migrate`.",
  });
}
