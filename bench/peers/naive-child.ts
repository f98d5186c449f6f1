import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream, mkdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import type { ModuleShape } from "../generate/field.ts";
import { modulesOf, SHAPES } from "../generate/shapes.ts";

// Run as: naive-child.js <scan|migrate> <project> <shape> <size>: what one would write in an afternoon, one thread,
// everything through objects. It shows what the tool's care for bytes is worth; no target speaks of it.
const [work = "", project = "", shapeName = "", size = ""] = process.argv.slice(2);
const shape = SHAPES.find((name) => name === shapeName) ?? "standard";
const modules = modulesOf(shape, Number(size));

type Entity = Record<string, unknown>;

function compile(module: ModuleShape): ValidateFunction {
  const ajv = new Ajv2020({ strictSchema: false });
  formats.default(ajv);
  return ajv.compile(JSON.parse(readFileSync(`${project}/modules/${module.name}/schema.json`, "utf8")));
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function scan(): Promise<number> {
  let faults = 0;
  const ids = new Map<string, Set<string>>();
  for (const module of modules) {
    const validate = compile(module);
    const seen = new Set<string>();
    ids.set(module.name, seen);
    for await (const line of lines(`${project}/generated/v1/${module.name}/data.jsonl`)) {
      const entity: Entity = JSON.parse(line);
      const known = seen.size;
      seen.add(String(entity["id"]));
      digest(line);
      if (!validate(entity) || JSON.stringify(entity) !== line || seen.size === known) faults += 1;
      faults += danglingIn(entity, module, ids);
    }
  }
  return faults;
}

/** Every module refers to earlier ones only, in all shapes. */
function danglingIn(entity: Entity, module: ModuleShape, ids: ReadonlyMap<string, ReadonlySet<string>>): number {
  let dangling = 0;
  for (const { name, target } of module.fields) {
    if (target === undefined) continue;
    const value = entity[name];
    for (const id of Array.isArray(value) ? value : [value])
      if (ids.get(target)?.has(String(id)) !== true) dangling += 1;
  }
  return dangling;
}

async function migrate(): Promise<void> {
  mkdirSync(`${project}/generated/naive`, { recursive: true });
  const ids = new Map<string, Map<string, string>>();
  for (const module of modules) {
    const registry: { legacyId: string; targetUuid: string }[] = JSON.parse(
      readFileSync(`${project}/migration/mapping/${module.name}.json`, "utf8"),
    );
    ids.set(module.name, new Map(registry.map(({ legacyId, targetUuid }) => [legacyId, targetUuid])));
  }
  for (const module of modules) await migrateModule(module, ids);
}

async function migrateModule(
  module: ModuleShape,
  ids: ReadonlyMap<string, ReadonlyMap<string, string>>,
): Promise<void> {
  const validate = compile(module);
  const entities: { id: string; text: string }[] = [];
  for await (const line of lines(`${project}/generated/rows/${module.name}.jsonl`)) {
    const row: Entity = JSON.parse(line);
    const id = ids.get(module.name)?.get(String(row["id"])) ?? "";
    const entity: Entity = { id };
    for (const field of module.fields) entity[field.name] = mapped(row[field.name], field, ids);
    if (!validate(entity)) throw new TypeError(`not valid: ${id}`);
    entities.push({ id, text: JSON.stringify(entity, Object.keys(entity).sort()) });
  }
  entities.sort((left, right) => (left.id < right.id ? -1 : 1));
  const data = createWriteStream(`${project}/generated/naive/${module.name}.data.jsonl`);
  const digests = createWriteStream(`${project}/generated/naive/${module.name}.entities.jsonl`);
  for (const { id, text } of entities) {
    if (!data.write(`${text}\n`)) await once(data, "drain");
    if (!digests.write(`{"id":"${id}","sha256":"${digest(text)}"}\n`)) await once(digests, "drain");
  }
  await Promise.all([once(data.end(), "finish"), once(digests.end(), "finish")]);
}

function mapped(
  value: unknown,
  { target, rule }: ModuleShape["fields"][number],
  ids: ReadonlyMap<string, ReadonlyMap<string, string>>,
): unknown {
  if ("value" in rule) return rule["value"];
  if (target === undefined) return value;
  const resolve = (legacyId: unknown) => ids.get(target)?.get(String(legacyId));
  return Array.isArray(value) ? value.map(resolve) : resolve(value);
}

function lines(file: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
}

const begin = performance.now();
const faults = work === "scan" ? await scan() : await migrate().then(() => 0);
process.stdout.write(`seconds ${((performance.now() - begin) / 1000).toFixed(4)}\n`);
if (faults > 0) throw new TypeError(`expected no faults, got ${faults}`);
