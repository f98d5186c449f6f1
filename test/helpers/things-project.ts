import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { migrate } from "../../tools/migration/operations/migrate.ts";
import { freezeRegistries } from "../../tools/migration/operations/registry-freeze.ts";
import { generateRegistries } from "../../tools/migration/operations/registry-write.ts";
import type { Outcome } from "../../tools/migration/operations/report.ts";
import { contextOf } from "./operations.ts";

/** A project of one module that reads the collection `things`. */
export interface Things {
  readonly source: object;
  /** Field, and its rule as module.json has it. */
  readonly fields: Readonly<Record<string, object>>;
  readonly query?: string;
  /** `id` unless told. */
  readonly key?: string | readonly string[];
  readonly drop?: readonly string[];
}

/** Writes the project; every field may hold anything. */
export function writeThings(root: string, { source, fields, query, key = "id", drop = [] }: Things): void {
  const write = (file: string, value: object): void => {
    mkdirSync(join(root, file, ".."), { recursive: true });
    writeFileSync(join(root, file), JSON.stringify(value, undefined, 2));
  };
  write("migration/migration.json", { format: "candor-migration/1", modules: ["things"], source });
  for (const folder of ["storage_candidate", "storage_reports"]) {
    mkdirSync(join(root, folder), { mode: 0o700, recursive: true });
  }
  const unused = [key]
    .flat()
    .filter((name) => !Object.entries(fields).some(([field, rule]) => reads(field, rule, name)));
  write("modules/things/module.json", {
    format: "candor-module/1",
    source: query === undefined ? { collection: "things" } : { query },
    legacyKey: key,
    schemaVersion: 1,
    fields: { ...fields, schemaVersion: { value: 1 } },
    drop: [...drop, ...unused],
  });
  const properties = Object.keys(fields).map((name) => [name, { pii: 2, residency: "local" }]);
  write("modules/things/schema.json", {
    type: "object",
    additionalProperties: false,
    required: ["id", "schemaVersion"],
    properties: {
      id: { type: "string", format: "uuid", pii: 0 },
      schemaVersion: { type: "integer", pii: 0 },
      ...Object.fromEntries(properties),
    },
  });
}

function reads(field: string, rule: object, name: string): boolean {
  const from: unknown = Reflect.get(rule, "from") ?? field;
  return [from].flat().includes(name);
}

/** Generates and freezes the registry, and builds a candidate. */
export async function buildThings(root: string): Promise<Outcome> {
  await generateRegistries(contextOf(root), []);
  await freezeRegistries(contextOf(root), [], { acceptChanged: false });
  return migrate(contextOf(root), { runId: "run-test", failAfterModule: undefined });
}
