import { hash } from "node:crypto";
import type { Field, MakeContext, ModuleShape, Value } from "./field.ts";
import { Random } from "./random.ts";

/** What the source holds for a field. */
export type SourceValue = string | number | boolean | readonly string[];

/** The records of one module: any of them by its index, as a source row or as an entity. */
export class Records {
  readonly module: ModuleShape;
  readonly #random: Random;
  readonly #context: MakeContext;
  readonly #keys: readonly string[];
  readonly #idAt: number;
  readonly #changed: ReadonlySet<number>;

  /** `changed` are indexes of records whose entity differs from what the source gives: for comparing candidates. */
  constructor(module: ModuleShape, modules: readonly ModuleShape[], changed: ReadonlySet<number> = new Set()) {
    this.module = module;
    this.#random = new Random(56, module.name);
    this.#context = { targetCount: (name) => modules.find((other) => other.name === name)?.count ?? 0 };
    this.#keys = module.fields.map(({ name }) => `"${name}":`);
    this.#idAt = module.fields.filter(({ name }) => name < "id").length;
    this.#changed = changed;
  }

  /** Source columns in order: the legacy id, then every field that is no constant. */
  get columns(): readonly Field[] {
    return this.module.fields.filter(({ kind }) => kind !== "constant");
  }

  legacyId(index: number): string {
    return legacyIdAt(this.module.name, index);
  }

  id(index: number): string {
    return uuidOf(this.module.name, this.legacyId(index));
  }

  /** The values of `columns`, as a source gives them. */
  row(index: number): readonly SourceValue[] {
    const random = this.#random.seek(index);
    const row: SourceValue[] = [];
    for (const field of this.module.fields) {
      const value = field.make(random, index, this.#context);
      if (field.kind !== "constant") row.push(sourceValue(field, value));
    }
    return row;
  }

  /** The canonical JSON text of the entity, without LF; `id` may be given where it is known. */
  line(index: number, id = this.id(index)): string {
    const random = this.#random.seek(index);
    const { fields } = this.module;
    let line = "{";
    for (let at = 0; at <= fields.length; at += 1) {
      if (at === this.#idAt) line += `${at === 0 ? "" : ","}"id":"${id}"`;
      const field = fields[at];
      if (field === undefined) continue;
      const value = this.#alter(field, index, field.make(random, index, this.#context));
      line += `${line === "{" ? "" : ","}${this.#keys[at]}${jsonText(field, value)}`;
    }
    return `${line}}`;
  }

  #alter(field: Field, index: number, value: Value): Value {
    return field.name === "version" && this.#changed.has(index) ? 1 : value;
  }
}

/** The legacy id of a record; ascending by UTF-8 bytes as the index ascends. */
export function legacyIdAt(module: string, index: number): string {
  return `${module}-${String(index + 1).padStart(9, "0")}`;
}

/** The UUID that the registry gives a legacy id, made without the tool (RFC 9562, section 5.8). */
export function uuidOf(module: string, legacyId: string): string {
  const hex = hash("sha256", `${module}:${legacyId}`);
  const variant = "89ab".charAt(Number.parseInt(hex.charAt(16), 16) % 4);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function sourceValue(field: Field, value: Value): SourceValue {
  if (field.kind === "reference") return legacyIdAt(field.target ?? "", Number(value));
  if (Array.isArray(value)) return value.map((index: number) => legacyIdAt(field.target ?? "", index));
  return typeof value === "object" ? [] : value;
}

function jsonText(field: Field, value: Value): string {
  if (field.kind === "text") return JSON.stringify(value);
  if (field.kind === "reference") return `"${targetId(field, Number(value))}"`;
  if (Array.isArray(value)) return `[${value.map((index: number) => `"${targetId(field, index)}"`).join(",")}]`;
  return String(value);
}

function targetId(field: Field, index: number): string {
  const target = field.target ?? "";
  return uuidOf(target, legacyIdAt(target, index));
}
