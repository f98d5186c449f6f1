import { stringifyChecked } from "../integrity/canonical.ts";
import { sha256Hex } from "../integrity/digest.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../model/json.ts";
import type { FieldDefinition, InvariantDefinition, MapperDefinition, ModuleDefinition } from "../model/module.ts";
import { cellFormOf, type SourceKind } from "../model/source-kind.ts";
import { checkModule } from "./check-module.ts";
import { checkShape } from "./check-shape.ts";
import { PROJECT } from "./paths.ts";
import type { Problems } from "./problems.ts";
import { readBytes, readJsonFile } from "./read-json.ts";
import { walkSchema } from "./schema-walk.ts";
import { MODULE_SHAPE } from "./shapes.ts";

/** Shapes that `checkShape` has proved, so that they can be trusted below. */
interface RawModule {
  readonly source: { readonly collection?: string; readonly query?: string };
  readonly legacyKey: string | readonly string[];
  readonly schemaVersion: number;
  readonly allowEmpty?: boolean;
  readonly fields: Readonly<Record<string, RawField>>;
  readonly drop?: readonly string[];
  readonly mapper?: { readonly file: string; readonly reads?: readonly string[] };
  readonly invariants?: readonly RawInvariant[];
}

interface RawField extends Partial<Omit<FieldDefinition, "name" | "from">> {
  readonly from?: string | readonly string[];
}

type RawInvariant = Omit<InvariantDefinition, "severity" | "value"> & Partial<InvariantDefinition>;

/** Kinds of source that can run a statement. */
const QUERY_KINDS: ReadonlySet<SourceKind> = new Set<SourceKind>(["sqlite", "postgres", "mysql"]);

/** Parses one module folder; undefined after noting what is wrong with it. */
export function parseModule(
  root: string,
  name: string,
  kind: SourceKind,
  problems: Problems,
): ModuleDefinition | undefined {
  const before = problems.count;
  const folder = `${PROJECT.modules}/${name}`;
  const definition = readJsonFile(root, `${folder}/module.json`, problems);
  const schema = readJsonFile(root, `${folder}/schema.json`, problems);
  if (definition !== undefined) checkShape(MODULE_SHAPE, definition, `${folder}/module.json`, problems);
  if (schema !== undefined && !isJsonObject(schema))
    problems.add(`${folder}/schema.json`, "", "an object", "another value");
  if (problems.count > before || definition === undefined || !isJsonObject(schema)) return undefined;
  const raw = definition as unknown as RawModule;
  const mapper = raw.mapper && parseMapper(root, folder, raw.mapper, problems);
  if (raw.source.query !== undefined && !QUERY_KINDS.has(kind)) {
    problems.add(`${folder}/module.json`, "/source/query", `no query: the source is of kind ${kind}`, "a query");
  }
  const parsed = assemble(name, raw, schema, { mapper, form: cellFormOf(kind) });
  const digests = {
    definition: hashOf(definition),
    schema: hashOf(schema),
    ...(mapper === undefined ? {} : { mapper: sha256Hex(mapper.source) }),
  };
  checkModule({ ...parsed, digests }, folder, problems);
  return problems.count > before ? undefined : { ...parsed, digests };
}

/** SHA-256 of the JCS of a parsed file (FORMATS.md, section 5). */
export function hashOf(value: JsonValue): string {
  return sha256Hex(stringifyChecked(value));
}

function assemble(
  name: string,
  raw: RawModule,
  schema: JsonObject,
  { mapper, form }: Pick<ModuleDefinition, "mapper" | "form">,
): Omit<ModuleDefinition, "digests"> {
  return {
    name,
    collection: raw.source.collection ?? name,
    query: raw.source.query,
    form,
    legacyKey: typeof raw.legacyKey === "string" ? [raw.legacyKey] : raw.legacyKey,
    schemaVersion: raw.schemaVersion,
    allowEmpty: raw.allowEmpty ?? false,
    fields: Object.entries(raw.fields).map(([field, rule]) => parseField(field, rule)),
    drop: new Set(raw.drop ?? []),
    mapper,
    invariants: (raw.invariants ?? []).map(parseInvariant),
    schema,
    ...walkSchema(schema),
  };
}

function parseField(name: string, raw: RawField): FieldDefinition {
  const from = raw.from ?? (raw.value === undefined && raw.parts === undefined ? name : []);
  return {
    name,
    from: typeof from === "string" ? [from] : from,
    default: raw.default,
    value: raw.value,
    type: raw.type,
    transform: raw.transform ?? [],
    ref: raw.ref,
    ...(raw.parts === undefined ? {} : { parts: raw.parts }),
    nulls: raw.nulls ?? "omit",
  };
}

function parseInvariant(raw: RawInvariant): InvariantDefinition {
  return { ...raw, value: raw.value, severity: raw.severity ?? "BLOCKER" };
}

function parseMapper(
  root: string,
  folder: string,
  raw: { readonly file: string; readonly reads?: readonly string[] },
  problems: Problems,
): MapperDefinition | undefined {
  const file = `${folder}/${raw.file}`;
  const source = readBytes(root, file, problems)?.toString("utf8");
  return source === undefined ? undefined : { file, source, reads: raw.reads ?? [] };
}
