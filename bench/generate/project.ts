import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type WrittenCandidate, writeCandidate } from "./candidate.ts";
import { digestOf } from "./canonical.ts";
import type { Json, ModuleShape } from "./field.ts";
import { writeRegistries } from "./registries.ts";
import { SOURCE_PATHS, type SourceKind, writeDatabase, writeSourceModule } from "./source-data.ts";

/** What to generate. */
export interface ProjectPlan {
  readonly modules: readonly ModuleShape[];
  readonly source: SourceKind;
}

/** Where the candidate that no tool wrote lies in a generated project. */
export const GENERATED = "generated/v1";

/** Where the altered second candidate lies. */
export const ALTERED = "generated/altered";

/** Writes a complete project (configuration, source, registries, freeze) and its candidate; same bytes every time. */
export function generateProject(root: string, plan: ProjectPlan): WrittenCandidate {
  const { modules, source } = plan;
  const inputs = {
    ...writeConfiguration(root, plan),
    registries: writeRegistries(root, modules),
    source: { kind: source },
  };
  if (source === "sqlite") writeDatabase(root, modules);
  else writeSourceModule(root, modules);
  for (const folder of ["storage_candidate", "storage_reports", "generated"]) {
    mkdirSync(join(root, folder), { recursive: true, mode: 0o700 });
    chmodSync(join(root, folder), 0o700);
  }
  writeFileSync(join(root, "generated/inputs.json"), JSON.stringify(inputs));
  return writeCandidate(join(root, GENERATED), modules, inputs);
}

function writeConfiguration(root: string, { modules, source }: ProjectPlan) {
  const names = modules.map(({ name }) => name);
  const migration = { format: "candor-migration/1", modules: names, pii: { regions: ["DE"] } };
  mkdirSync(join(root, "migration"), { recursive: true });
  writeJson(join(root, "migration/migration.json"), {
    ...migration,
    source: { kind: source, path: SOURCE_PATHS[source] },
  });
  writeJson(join(root, "migration/waivers.json"), []);
  writeJson(join(root, "migration/live.json"), { pointer: "storage/current" });
  const digests = modules.map((module) => [module.name, writeModule(root, module)] as const);
  return { config: digestOf({ ...migration, source: { kind: source } }), modules: Object.fromEntries(digests) };
}

function writeModule(root: string, module: ModuleShape) {
  const [definition, schema] = [definitionOf(module), schemaOf(module)];
  const folder = join(root, "modules", module.name);
  mkdirSync(folder, { recursive: true });
  writeJson(join(folder, "module.json"), definition);
  writeJson(join(folder, "schema.json"), schema);
  return { definition: digestOf(definition), schema: digestOf(schema) };
}

function definitionOf(module: ModuleShape): { readonly [key: string]: Json } {
  const fields = module.fields.map(({ name, rule, kind }) => [
    name,
    kind === "constant" ? rule : { from: name, ...rule },
  ]);
  return {
    format: "candor-module/1",
    source: { collection: module.name },
    legacyKey: "id",
    schemaVersion: 1,
    allowEmpty: true,
    fields: Object.fromEntries(fields),
    drop: [],
    invariants: [],
  };
}

function schemaOf(module: ModuleShape): { readonly [key: string]: Json } {
  const properties = module.fields.map(({ name, schema }) => [name, schema]);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    additionalProperties: false,
    required: ["id", ...module.fields.map(({ name }) => name)],
    properties: { id: { type: "string", format: "uuid", pii: 0 }, ...Object.fromEntries(properties) },
  };
}

function writeJson(path: string, value: Json): void {
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);
}
