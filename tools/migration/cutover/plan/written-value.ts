import { isJsonObject, type JsonValue } from "../../model/json.ts";
import { LintBook } from "./lint-book.ts";
import { readYaml, type YamlSource } from "./yaml-source.ts";

/**
 * What a plan says, with numbers as they are written (`007` is not 7): two plans whose values are the same differ only in
 * comments and layout. Null where the text is no plan.
 */
export function writtenValue(text: string): JsonValue {
  const source = readYaml(text, new LintBook());
  return source === undefined ? null : written(source, source.value, "");
}

function written(source: YamlSource, value: JsonValue, pointer: string): JsonValue {
  const inside = (key: string): string => `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  if (typeof value === "number") return { number: source.writtenAt(pointer) ?? String(value) };
  if (Array.isArray(value)) {
    const items: readonly JsonValue[] = value;
    return items.map((item, at) => written(source, item, inside(String(at))));
  }
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, written(source, item, inside(key))]));
}
