import { existsSync } from "node:fs";
import { join } from "node:path";
import { MigrationError } from "../model/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../model/json.ts";
import type { ModuleDefinition } from "../model/module.ts";
import type { Waiver } from "../model/waiver.ts";
import { checkShape } from "./check-shape.ts";
import { hashOf, parseModule } from "./module-file.ts";
import { PROJECT } from "./paths.ts";
import { Problems } from "./problems.ts";
import { readJsonFile } from "./read-json.ts";
import { parseAccess, type ReleaseAccess } from "./release-access.ts";
import { LIVE_SHAPE, MIGRATION_SHAPE, WAIVERS_SHAPE } from "./shapes.ts";
import { checkSource, type SourceConfig, sourceWithoutLocation } from "./source-config.ts";

/** A whole parsed configuration: trusted by everything behind it. */
export interface Project {
  readonly root: string;
  /** In the order of migration.json. */
  readonly modules: readonly ModuleDefinition[];
  readonly source: SourceConfig;
  /** Countries whose national phone numbers the PII detectors know, as ISO 3166 letters. */
  readonly phoneRegions: readonly string[];
  readonly waivers: readonly Waiver[];
  /** Path of the live pointer, relative to the project root. */
  readonly pointer: string;
  /** Who may read a release. */
  readonly access: ReleaseAccess;
  /** SHA-256 of the JCS of migration.json without the source's location (FORMATS.md, section 5). */
  readonly configDigest: string;
}

interface RawMigration {
  readonly modules: readonly string[];
  readonly source: SourceConfig;
  readonly pii?: { readonly regions?: readonly string[] };
}

/** Reads and checks the whole configuration under `root`; throws once with everything that is wrong. */
export function loadProject(root: string): Project {
  assertProject(root);
  const problems = new Problems();
  const migration = readShaped(root, PROJECT.migration, MIGRATION_SHAPE, problems);
  const waivers = readOptional(root, PROJECT.waivers, WAIVERS_SHAPE, problems) ?? [];
  const live = readOptional(root, PROJECT.live, LIVE_SHAPE, problems) ?? {};
  if (!isJsonObject(migration)) {
    problems.throwIfAny();
    throw new MigrationError("INTERNAL", { message: "migration.json passed its check but is not an object." });
  }
  const raw = migration as unknown as RawMigration;
  if (isJsonObject(migration["source"])) checkSource(migration["source"], PROJECT.migration, problems);
  const modules = raw.modules
    .map((name) => parseModule(root, name, raw.source.kind, problems))
    .filter((module) => module !== undefined);
  checkCollections(modules, problems);
  checkReferences(modules, raw.modules, problems);
  const access = parseAccess(live, problems);
  problems.throwIfAny();
  return {
    root,
    modules,
    source: raw.source,
    phoneRegions: raw.pii?.regions ?? [],
    waivers: waivers as unknown as readonly Waiver[],
    pointer: isJsonObject(live) && typeof live["pointer"] === "string" ? live["pointer"] : "storage/current",
    access,
    configDigest: hashOf(withoutLocation(migration, raw.source)),
  };
}

function assertProject(root: string): void {
  if (existsSync(join(root, PROJECT.migration))) return;
  throw new MigrationError("CONFIG_MISSING", {
    message: `No ${PROJECT.migration} in this folder or above it, or in that of --root.`,
    remedy: "Go to the project's folder, or name it with --root DIR.",
  });
}

function readShaped(root: string, file: string, shape: object, problems: Problems): JsonValue | undefined {
  const value = readJsonFile(root, file, problems);
  return value !== undefined && checkShape(shape, value, file, problems) ? value : undefined;
}

function readOptional(root: string, file: string, shape: object, problems: Problems): JsonValue | undefined {
  return existsSync(join(root, file)) ? readShaped(root, file, shape, problems) : undefined;
}

function checkReferences(modules: readonly ModuleDefinition[], names: readonly string[], problems: Problems): void {
  for (const module of modules) {
    for (const reference of module.references) {
      if (names.includes(reference.target)) continue;
      const file = `${PROJECT.modules}/${module.name}/schema.json`;
      problems.add(file, `/${reference.path.join("/")}/ref`, `a module (${names.join(", ")})`, reference.target);
    }
  }
}

/** Two modules may read one table, but a name must not stand for two different statements. */
function checkCollections(modules: readonly ModuleDefinition[], problems: Problems): void {
  const known = new Map<string, string | undefined>();
  for (const { name, collection, query } of modules) {
    if (known.has(collection) && known.get(collection) !== query) {
      const file = `${PROJECT.modules}/${name}/module.json`;
      problems.add(file, "/source", "a name for the query that no other module uses", JSON.stringify(collection));
    }
    known.set(collection, query);
  }
}

function withoutLocation(migration: JsonObject, source: SourceConfig): JsonObject {
  return { ...migration, source: sourceWithoutLocation(source) };
}
