import type { Field, ModuleShape } from "../generate/field.ts";

/** Ways to migrate in SQL; the best of them is what a migrate is compared with. */
export const MIGRATE_FORMS = ["sorted-table", "two-sorts", "read-again"] as const;

/** A way to do it. */
export type MigrateForm = (typeof MIGRATE_FORMS)[number];

/** Where a peer finds its input and leaves its output. */
export interface MigratePlaces {
  readonly rows: string;
  readonly registries: string;
  readonly output: string;
}

/** True where the mapping of these modules can be said in plain joins: arrays of references cannot. */
export function canMigrateInSql(modules: readonly ModuleShape[]): boolean {
  return modules.every(({ fields }) => fields.every(({ kind }) => kind !== "references"));
}

/** Statements that load the source rows into tables: done once, beforehand. */
export function loadStatements(modules: readonly ModuleShape[], places: MigratePlaces): readonly string[] {
  return modules.map(({ name, fields }) => {
    const columns = fields
      .filter(({ kind }) => kind !== "constant")
      .map((field) => `"${field.name}": '${rowType(field)}'`);
    const list = ["\"id\": 'VARCHAR'", ...columns].join(", ");
    const file = `'${places.rows}/${name}.jsonl', format = 'newline_delimited', columns = {${list}}`;
    return `CREATE TABLE "${name}" AS SELECT * FROM read_json(${file})`;
  });
}

/** Statements that read the registries: within the measured work, as for the tool, or beforehand. */
export function registryStatements(modules: readonly ModuleShape[], places: MigratePlaces): readonly string[] {
  const columns = "columns = {legacyId: 'VARCHAR', targetUuid: 'VARCHAR'}";
  return modules.map(({ name }) => {
    const file = `'${places.registries}/${name}.json', format = 'array', ${columns}`;
    return `CREATE TEMP TABLE "${name} ids" AS SELECT * FROM read_json(${file})`;
  });
}

/** Statements that map, sort, digest and write data.jsonl and entities.jsonl of every module. */
export function migrateStatements(
  modules: readonly ModuleShape[],
  places: MigratePlaces,
  form: MigrateForm,
): readonly string[] {
  return modules.flatMap((module) => {
    const [data, entities] = outputsOf(module, places);
    const digests = (from: string) => `SELECT '{"id":"' || id || '","sha256":"' || sha256(line) || '"}' FROM ${from}`;
    const mapped = mappedLines(module);
    if (form === "sorted-table") {
      const table = `"${module.name} lines"`;
      return [
        `CREATE TEMP TABLE ${table} AS SELECT * FROM (${mapped}) ORDER BY id`,
        copy(`SELECT line FROM ${table}`, data),
        copy(digests(table), entities),
        `DROP TABLE ${table}`,
      ];
    }
    const again = `(SELECT json ->> '$.id' AS id, json AS line FROM read_json_objects('${data}', format = 'newline_delimited'))`;
    const second = form === "read-again" ? digests(again) : `${digests(`(${mapped})`)} ORDER BY id`;
    return [copy(`SELECT line FROM (${mapped}) ORDER BY id`, data), copy(second, entities)];
  });
}

/** The files that these statements write for a module. */
export function outputsOf(module: ModuleShape, places: MigratePlaces): readonly [data: string, entities: string] {
  return [`${places.output}/${module.name}.data.jsonl`, `${places.output}/${module.name}.entities.jsonl`];
}

function mappedLines(module: ModuleShape): string {
  const values = [
    ...module.fields.map((field) => [field.name, expression(field)] as const),
    ["id", "own.targetUuid"] as const,
  ];
  const sorted = values.sort(([left], [right]) => (left < right ? -1 : 1));
  const object = sorted.map(([name, value]) => `"${name}" := ${value}`).join(", ");
  const joins = module.fields
    .filter(({ kind }) => kind === "reference")
    .map(({ name, target }) => `JOIN "${target} ids" AS "to ${name}" ON s."${name}" = "to ${name}".legacyId`);
  const from = `FROM "${module.name}" AS s JOIN "${module.name} ids" AS own ON s.id = own.legacyId ${joins.join(" ")}`;
  return `SELECT own.targetUuid AS id, CAST(to_json(struct_pack(${object})) AS VARCHAR) AS line ${from}`;
}

/** The same transformations as module.json asks for. */
function expression({ name, kind, rule }: Field): string {
  if (kind === "constant") return String(rule["value"]);
  if (kind === "reference") return `"to ${name}".targetUuid`;
  const transforms = Array.isArray(rule["transform"]) ? rule["transform"] : [];
  const wraps: Readonly<Record<string, string>> = { trim: "trim", lower: "lower", upper: "upper" };
  return transforms.reduce<string>((inner, word) => {
    const wrap = wraps[String(word)];
    return wrap === undefined ? inner : `${wrap}(${inner})`;
  }, `s."${name}"`);
}

function rowType({ kind }: Field): string {
  if (kind === "number") return "DOUBLE";
  return kind === "boolean" ? "BOOLEAN" : "VARCHAR";
}

function copy(select: string, file: string): string {
  return `COPY (${select}) TO '${file}' (FORMAT csv, HEADER false, DELIMITER E'\\x01', QUOTE '', ESCAPE '')`;
}
