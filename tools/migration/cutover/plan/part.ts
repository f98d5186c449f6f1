import { isJsonObject, type JsonObject, type JsonValue } from "../../model/json.ts";
import { pointerOf, type YamlSource } from "./yaml-source.ts";

/** An object of the plan, with its place; the schema has looked at it. */
export class Part {
  readonly raw: JsonObject;
  readonly pointer: string;
  readonly source: YamlSource;

  constructor(raw: JsonObject, pointer: string, source: YamlSource) {
    this.raw = raw;
    this.pointer = pointer;
    this.source = source;
  }

  get line(): number {
    return this.source.lineOf(this.pointer);
  }

  text(key: string): string | undefined {
    const value = this.raw[key];
    return typeof value === "string" ? value : undefined;
  }

  /** A text or a list of texts, as a list. */
  texts(key: string): readonly string[] {
    return texts(this.raw[key]);
  }

  child(key: string): Part | undefined {
    const value = this.raw[key];
    return isJsonObject(value) ? new Part(value, pointerOf(this.pointer, key), this.source) : undefined;
  }

  /** The objects of a list. */
  list(key: string): readonly Part[] {
    const value = this.raw[key];
    if (!Array.isArray(value)) return [];
    const items: readonly JsonValue[] = value;
    return items.map((item, at) => new Part(asObject(item), `${this.pointer}/${key}/${at}`, this.source));
  }

  /** The objects of a map, by name. */
  members(key: string): readonly (readonly [string, Part])[] {
    const within = this.child(key);
    if (within === undefined) return [];
    return Object.entries(within.raw).map(([name, value]) => [
      name,
      new Part(asObject(value), pointerOf(within.pointer, name), this.source),
    ]);
  }

  /** A scalar as the plan writes it: `007` stays `007`; undefined for null and for what is no scalar. */
  written(key: string): string | undefined {
    return this.writtenAt(pointerOf(this.pointer, key), this.raw[key]);
  }

  writtenAt(pointer: string, value: JsonValue | undefined): string | undefined {
    if (typeof value === "string") return value;
    if (typeof value === "number") return this.source.writtenAt(pointer) ?? String(value);
    return typeof value === "boolean" ? String(value) : undefined;
  }
}

/** A text or a list of texts, as a list. */
export function texts(value: JsonValue | undefined): readonly string[] {
  if (typeof value === "string") return [value];
  const items: readonly JsonValue[] = Array.isArray(value) ? value : [];
  return items.filter((item) => typeof item === "string");
}

function asObject(value: JsonValue): JsonObject {
  return isJsonObject(value) ? value : {};
}
