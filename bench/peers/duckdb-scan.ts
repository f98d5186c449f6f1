import type { ModuleShape } from "../generate/field.ts";

/** Ways to do a deep scan in SQL; the best of them is what a scan is compared with. */
export const SCAN_FORMS = ["typed-and-objects", "objects-parsed", "typed-and-lines"] as const;

/** A way to do it. */
export type ScanForm = (typeof SCAN_FORMS)[number];

/**
 * Statements that do on a candidate what can be said in SQL of a deep scan: read JSON with typed columns, a predicate
 * for each field, SHA-256 of each raw line, duplicate ids, and references without a target. The last one gives the
 * number of faults.
 */
export function scanStatements(candidate: string, modules: readonly ModuleShape[], form: ScanForm): readonly string[] {
  const tables = modules.flatMap((module) => tableStatements(`${candidate}/${module.name}/data.jsonl`, module, form));
  const faults = modules.flatMap((module) => [
    `(SELECT count(*) FROM "${module.name}" WHERE NOT ok)`,
    `(SELECT count(*) - count(DISTINCT id) FROM "${module.name}")`,
    ...module.fields.flatMap(({ name, kind, target }) => {
      const keys = kind === "references" ? `unnest(${name})` : name;
      const missing = `FROM (SELECT ${keys} AS key FROM "${module.name}") ANTI JOIN "${target}" t ON key = t.id`;
      return target === undefined ? [] : [`(SELECT count(*) ${missing})`];
    }),
  ]);
  return [...tables, `SELECT CAST(${faults.join(" + ")} AS INTEGER) AS faults`];
}

function tableStatements(file: string, module: ModuleShape, form: ScanForm): readonly string[] {
  const columns = ["id", ...module.fields.filter(({ target }) => target !== undefined).map(({ name }) => name)];
  const holds = module.fields.map(({ sqlHolds }) => `(${sqlHolds})`).join(" AND ");
  const create = `CREATE TEMP TABLE "${module.name}" AS SELECT ${columns.join(", ")}, coalesce(`;
  // A digest is compared with a text that is none, so that it has to be made.
  const digest = (text: string) => `sha256(${text}) <> ''`;
  if (form === "objects-parsed") {
    const parsed = `SELECT unnest(from_json(json, '${structure(module)}')), json AS line FROM ${objects(file)}`;
    return [`${create}${holds} AND ${digest("line")}, false) AS ok FROM (${parsed})`];
  }
  const lines = form === "typed-and-lines" ? rawLines(file) : `(SELECT json AS line FROM ${objects(file)})`;
  return [
    `${create}${holds}, false) AS ok FROM ${typed(file, module)}`,
    `CREATE TEMP TABLE "${module.name} digests" AS SELECT count(*) FILTER (${digest("line")}) FROM ${lines}`,
  ];
}

function typed(file: string, module: ModuleShape): string {
  const columns = typesOf(module).map(([name, type]) => `${name}: '${type}'`);
  return `read_json('${file}', format = 'newline_delimited', columns = {${columns.join(", ")}})`;
}

function structure(module: ModuleShape): string {
  return JSON.stringify(Object.fromEntries(typesOf(module).map(([name, type]) => [name, nested(type)])));
}

/** The structure of `from_json` writes a list type as a list of its element type. */
function nested(type: string): string | readonly string[] {
  return type.endsWith("[]") ? [type.slice(0, -2)] : type;
}

function typesOf(module: ModuleShape): readonly (readonly [string, string])[] {
  return [["id", "UUID"], ...module.fields.map(({ name, sqlType }) => [name, sqlType] as const)];
}

function objects(file: string): string {
  return `read_json_objects('${file}', format = 'newline_delimited')`;
}

function rawLines(file: string): string {
  const options = "delim = chr(1), quote = '', escape = '', header = false, auto_detect = false";
  return `read_csv('${file}', columns = {line: 'VARCHAR'}, ${options}, max_line_size = 20000000)`;
}
