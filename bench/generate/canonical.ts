import { hash } from "node:crypto";
import type { Json } from "./field.ts";

/** RFC 8785 text of configuration (plain strings and integers), written apart from the tool's own. */
export function canonicalText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const keys = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${keys.map(([key, part]) => `${JSON.stringify(key)}:${canonicalText(part)}`).join(",")}}`;
}

/** SHA-256 of that text, in hex. */
export function digestOf(value: Json): string {
  return hash("sha256", canonicalText(value));
}
