import { join } from "node:path";
import { PROJECT } from "../config/paths.ts";
import { loadProject, type Project } from "../config/project.ts";
import type { ModuleDefinition } from "../model/module.ts";
import { assertFree } from "../registry/assert-free.ts";
import type { RegistryEntry } from "../registry/entry.ts";
import { mergeEntries, newEntries, registryFileText } from "../registry/generate.ts";
import type { RegistrySurvey } from "../registry/survey.ts";
import type { Source } from "../sources/source.ts";
import { SortedTexts } from "../stores/sorted-texts.ts";
import { SpillFolder } from "../stores/spill-folder.ts";
import type { Context } from "./context.ts";
import { openSource } from "./inputs.ts";
import { pickModules } from "./pick-modules.ts";
import { registryFile } from "./registry-files.ts";
import { readLegacyIds } from "./registry-source-ids.ts";
import { surveyFaultless } from "./registry-survey.ts";
import { COMMITTED, PRIVATE, type TextMode, writeText } from "./write-text.ts";

/** What a writing registry command did to one module. */
export interface RegistryChange {
  readonly module: string;
  /** File written, relative to the project. */
  readonly file: string;
  readonly entries: number;
  /** Entries that were not there before. */
  readonly added: number;
}

/** Writes an entry for every source record that has none; entries that exist stay as they are. */
export async function generateRegistries(
  context: Context,
  names: readonly string[],
): Promise<readonly RegistryChange[]> {
  return withSource(context, names, async (reading) => {
    const { root, module } = reading;
    const file = registryFile(root, module.name);
    return withNewEntries(reading, (added, existing) => {
      const before = existing?.size ?? 0;
      if (existing !== undefined && added.count() === 0)
        return { module: module.name, file, entries: before, added: 0 };
      const entries = write(root, file, mergeEntries(existing?.entries() ?? [], added.entries()), COMMITTED);
      return { module: module.name, file, entries, added: entries - before };
    });
  });
}

/** Writes entries for records that have none into the report folder, for review; never into a registry. */
export async function proposeRegistries(
  context: Context,
  names: readonly string[],
): Promise<readonly RegistryChange[]> {
  return withSource(context, names, async (reading) => {
    const { root, module } = reading;
    const file = `${PROJECT.reports}/latest-registry-propose/${module.name}.json`;
    return withNewEntries(reading, (added, existing) => {
      if (existing !== undefined) added.count();
      const entries = write(root, file, added.entries(), PRIVATE);
      return { module: module.name, file, entries, added: entries };
    });
  });
}

interface Reading {
  readonly context: Context;
  readonly root: string;
  readonly module: ModuleDefinition;
  readonly source: Source;
}

async function withSource(
  context: Context,
  names: readonly string[],
  change: (reading: Reading) => Promise<RegistryChange>,
): Promise<readonly RegistryChange[]> {
  const project: Project = loadProject(context.root);
  const modules = pickModules(project.modules, names);
  const source = await openSource(project, context);
  try {
    const changes: RegistryChange[] = [];
    for (const module of modules) changes.push(await change({ context, root: project.root, module, source }));
    return changes;
  } finally {
    await source.close();
  }
}

/** The entries that records of the source lack, ascending. */
interface NewEntries {
  /** How many there are; `REGISTRY_INVALID` where one would get a UUID that another legacy id has. */
  count(): number;
  /** Made from the sorted legacy ids each time. */
  entries(): Iterable<RegistryEntry>;
}

/** Only sorting takes memory, and bounded: neither the legacy ids nor the registry are ever in a table. */
async function withNewEntries<T>(
  { context, module, source }: Reading,
  use: (added: NewEntries, existing: RegistrySurvey | undefined) => T,
): Promise<T> {
  const reports = join(context.root, PROJECT.reports);
  const folder = new SpillFolder(reports);
  const ids = new SortedTexts(reports);
  try {
    const existing = await surveyFaultless(context, module.name, folder);
    await readLegacyIds(context, module, source, (id) => ids.add(id));
    const entries = () => newEntries(module.name, ids.drain(), existing?.entries() ?? []);
    return use(
      { entries, count: () => assertFree(module.name, entries(), existing?.ids.records() ?? [], folder) },
      existing,
    );
  } finally {
    ids.close();
    folder.close();
  }
}

/** Writes a registry while its entries come, and counts them. */
function write(root: string, file: string, entries: Iterable<RegistryEntry>, mode: TextMode): number {
  let count = 0;
  const counted = function* (): Generator<RegistryEntry> {
    for (const entry of entries) {
      count += 1;
      yield entry;
    }
  };
  writeText(root, file, registryFileText(counted(), file.endsWith(".jsonl") ? "jsonl" : "json"), mode);
  return count;
}
