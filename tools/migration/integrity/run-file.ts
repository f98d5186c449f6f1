import { isJsonObject, type JsonObject, type JsonValue } from "../model/json.ts";
import { canonicalize } from "./canonical.ts";
import { CompactRange } from "./compact-range.ts";
import { leafHash } from "./digest.ts";
import { compareCodeUnits } from "./order.ts";
import { hasExactKeys, isCount, isModuleName, isSha256Hex } from "./record-form.ts";
import { parseStrict } from "./strict-parse.ts";

/** Digests of the files that define one module. */
export interface RunModuleInputs {
  readonly definition: string;
  /** Present where the module has a mapper file. */
  readonly mapper?: string;
  readonly schema: string;
}

/** Everything a candidate was built from, as digests. */
export interface RunInputs {
  readonly config: string;
  readonly modules: { readonly [name: string]: RunModuleInputs };
  readonly registries: { readonly [name: string]: string };
  readonly source: { readonly kind: string };
}

/** What run.json says of one module. */
export interface RunModule {
  /** SHA-256 of the bytes of merkle.json. */
  readonly merkleSha256: string;
  readonly name: string;
  /** Number of records read from the source. */
  readonly read: number;
  readonly root: string;
  /** Number of entities. */
  readonly size: number;
}

/** The content of run.json (FORMATS.md, section 5). */
export interface RunRecord {
  readonly format: "candor-run/1";
  readonly inputs: RunInputs;
  /** Ascending by name. */
  readonly modules: readonly RunModule[];
  readonly root: string;
  /** A label; not part of `root`. */
  readonly runId: string;
}

const FORMAT = "candor-run/1";

/** The run root in hex: the Merkle tree hash over the inputs and the module records, which must be ascending by name. */
export function runRoot(inputs: RunInputs, modules: readonly RunModule[]): string {
  const range = new CompactRange();
  range.append(leafHash(canonicalize({ format: FORMAT, inputs })));
  for (const module of modules) range.append(leafHash(canonicalize(module)));
  return range.root().toString("hex");
}

/** The whole text of run.json: JCS and one LF. */
export function runLine(record: RunRecord): string {
  return canonicalize(record) + "\n";
}

/** Reads the whole text of run.json, LF included; undefined unless it has exactly the form of `runLine`. */
export function parseRun(text: string): RunRecord | undefined {
  const parsed = parseStrict(text);
  if (!parsed.ok || !hasExactKeys(parsed.value, ["format", "inputs", "modules", "root", "runId"])) return undefined;
  const { format, inputs, modules, root, runId } = parsed.value;
  if (format !== FORMAT || !isRunInputs(inputs) || !isRunModules(modules) || !isSha256Hex(root)) return undefined;
  if (typeof runId !== "string" || runId === "") return undefined;
  const record: RunRecord = { format, inputs, modules, root, runId };
  return canonicalize(record) + "\n" === text ? record : undefined;
}

function isRunInputs(value: JsonValue): value is JsonValue & RunInputs {
  if (!hasExactKeys(value, ["config", "modules", "registries", "source"])) return false;
  const { config, modules, registries, source } = value;
  if (!isSha256Hex(config) || !isNamed(modules, isModuleInputs) || !isNamed(registries, isSha256Hex)) return false;
  return hasExactKeys(source, ["kind"]) && typeof source.kind === "string" && source.kind !== "";
}

function isNamed(value: JsonValue, isEntry: (entry: JsonValue) => boolean): value is JsonObject {
  return isJsonObject(value) && Object.entries(value).every(([name, entry]) => isModuleName(name) && isEntry(entry));
}

function isModuleInputs(value: JsonValue): boolean {
  if (!isJsonObject(value)) return false;
  const keys = Object.hasOwn(value, "mapper") ? ["definition", "mapper", "schema"] : ["definition", "schema"];
  return hasExactKeys(value, keys) && Object.values(value).every(isSha256Hex);
}

function isRunModules(value: JsonValue): value is JsonValue & readonly RunModule[] {
  if (!Array.isArray(value) || !value.every(isRunModule)) return false;
  const names = value.map(({ name }) => name);
  return names.every((name, at) => at === 0 || compareCodeUnits(names[at - 1] ?? "", name) < 0);
}

function isRunModule(value: JsonValue): value is JsonValue & RunModule {
  if (!hasExactKeys(value, ["merkleSha256", "name", "read", "root", "size"])) return false;
  const { merkleSha256, name, read, root, size } = value;
  return isSha256Hex(merkleSha256) && isModuleName(name) && isCount(read) && isSha256Hex(root) && isCount(size);
}
