import { compileEntityChecks } from "../checks/entity-checks.ts";
import { checkPiiClasses } from "../checks/pii-check.ts";
import { ReferenceCheck } from "../checks/reference-check.ts";
import { reportUnused } from "../checks/registry-agreement.ts";
import type { EntityCheck } from "../checks/schema-check.ts";
import { compileMatcher, type LineMatcher } from "../compiled/matcher.ts";
import type { Project } from "../config/project.ts";
import { stringifyChecked } from "../integrity/canonical.ts";
import { MAX_LINE_BYTES } from "../integrity/limits.ts";
import { findValueProblem } from "../integrity/strict-value.ts";
import { type MappedRecord, RecordMapper } from "../mapping/record-mapper.ts";
import { type Check, type FindingPlace, type FindingSink, finding } from "../model/finding.ts";
import type { ModuleDefinition } from "../model/module.ts";
import { namedLegacyId } from "../registry/legacy-id.ts";
import type { Source } from "../sources/source.ts";
import { type Context, turn, untilCancelled } from "./context.ts";
import type { FindingBook } from "./finding-book.ts";
import type { RegistryMap } from "./inputs.ts";

/** One mapper per module, by module name. */
export type RecordMappers = ReadonlyMap<string, RecordMapper>;

/** Makes the mapper of every module; CONFIG_INVALID for a mapper file that cannot be loaded. */
export function createMappers(project: Project, registries: RegistryMap, sink: FindingSink): RecordMappers {
  return new Map(project.modules.map((module) => [module.name, new RecordMapper(module, registries, sink)]));
}

/** The books of one module: every record read was either written or rejected with a finding. */
export interface Ledger {
  read: number;
  written: number;
  rejected: number;
}

/** What a run over the source needs. */
export interface MapRun {
  readonly project: Project;
  readonly registries: RegistryMap;
  readonly mappers: RecordMappers;
  readonly source: Source;
  readonly book: FindingBook;
  readonly context: Context;
  /** Takes an entity that passed every check on its own; called in source order. */
  readonly emit: (module: ModuleDefinition, id: string, line: string) => void;
  /** Called when all records of a module were read. */
  readonly endModule?: (module: ModuleDefinition, ledger: Ledger) => Promise<void>;
  /** True where only the authority may judge. */
  readonly sequential: boolean;
}

/** The checks that every record and entity meets on its way into a candidate. */
export const MAP_CHECKS: ReadonlySet<Check> = new Set<Check>([
  "source",
  "mapping",
  "registry",
  "schema",
  "references",
  "invariants",
  "pii",
  "drift",
  "waivers",
]);

/** Reads, maps and checks every record of every module; findings go to the book, entities to `emit`. */
export async function mapModules(run: MapRun): Promise<ReadonlyMap<string, Ledger>> {
  const { project, book } = run;
  const references = new ReferenceCheck(project.modules);
  const ledgers = new Map<string, Ledger>();
  for (const module of project.modules) {
    checkPiiClasses(module, book.sink);
    run.context.progress.stage(`read ${module.name}`);
    const ledger = await mapModule(run, module, references);
    ledgers.set(module.name, ledger);
    await run.endModule?.(module, ledger);
  }
  references.finish(project.modules, (found) => book.sink({ ...found, ...legacyIdOf(run.registries, found) }));
  run.context.progress.end();
  return ledgers;
}

/** The references of an entity outlive its record, so what the source calls it comes from the registry. */
function legacyIdOf(registries: RegistryMap, { module, id }: FindingPlace): Pick<FindingPlace, "legacyId"> {
  const registry = registries.get(module ?? "");
  const index = registry?.indexOfUuid(id ?? "") ?? -1;
  return index < 0 ? {} : namedLegacyId(registry?.legacyIdAt(index));
}

async function mapModule(run: MapRun, module: ModuleDefinition, references: ReferenceCheck): Promise<Ledger> {
  const { book, registries, source, context } = run;
  const mapper = run.mappers.get(module.name);
  if (mapper === undefined) throw new TypeError(`no mapper for module ${module.name}`);
  const check = compileEntityChecks(module, run.project.phoneRegions, MAP_CHECKS);
  // What it accepts needs no compiled schema: for a few records that takes longer than everything else.
  const matcher = run.sequential ? undefined : compileMatcher(module);
  const ledger: Ledger = { read: 0, written: 0, rejected: 0 };
  for await (const batch of untilCancelled(context, source.read(module.collection))) {
    for (const record of batch) {
      ledger.read += 1;
      const mapped = mapper.map(record);
      const line =
        mapped === undefined ? undefined : judge(mapped, mapper.place, run, { module, check, matcher, references });
      if (mapped === undefined || line === undefined) ledger.rejected += 1;
      else {
        ledger.written += 1;
        run.emit(module, mapped.id, line);
      }
    }
    context.progress.advance(batch.length);
    await turn(context);
  }
  if (ledger.read === 0 && !module.allowEmpty) {
    book.sink(finding("SOURCE_MODULE_EMPTY", { module: module.name, expected: "at least one record", got: "none" }));
  }
  const registry = registries.get(module.name);
  if (registry !== undefined) reportUnused(module.name, registry, mapper.seen, book.sink);
  return ledger;
}

interface ModuleRun {
  readonly module: ModuleDefinition;
  readonly check: EntityCheck;
  readonly matcher: LineMatcher | undefined;
  readonly references: ReferenceCheck;
}

/** The canonical line of a mapped record; undefined when a check of its own blocked it. */
function judge(mapped: MappedRecord, place: FindingPlace, run: MapRun, own: ModuleRun): string | undefined {
  const { sink } = run.book;
  const { module, check, matcher, references } = own;
  references.addEntity(module.name, mapped.id);
  if (mapped.entity === undefined) return undefined;
  const problem = findValueProblem(mapped.entity);
  if (problem !== undefined) {
    sink(
      finding("SOURCE_VALUE_INVALID", {
        ...place,
        field: problem.path.slice(1),
        rule: problem.reason,
        got: problem.got,
      }),
    );
    return undefined;
  }
  const before = run.book.blockers;
  const line = stringifyChecked(mapped.entity);
  const bytes = Buffer.from(line);
  if (matcher?.match(bytes, 0, bytes.length) !== true) check(mapped.entity, place, sink);
  references.addReferences(module, mapped.entity, place);
  if (bytes.length > MAX_LINE_BYTES) {
    const expected = `at most ${MAX_LINE_BYTES} bytes`;
    sink(finding("SOURCE_VALUE_INVALID", { ...place, rule: "LINE_TOO_LONG", expected, got: "a longer record" }));
  }
  return run.book.blockers > before ? undefined : line;
}
