import { isJsonObject, type JsonValue } from "../../model/json.ts";
import type { LintBook } from "./lint-book.ts";
import { pointerOf, type YamlSource } from "./yaml-source.ts";

const LITERALS: readonly RegExp[] = [
  /\b(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key)\b\s*[=:]\s*["']?(?!\$|<|["'])[^\s"'&;]{4,}/i,
  /:\/\/[^/\s:@${}]+:[^/\s:@${}]+@/,
  /\bAKIA[0-9A-Z]{16}\b/,
  /\bgh[pousr]_[A-Za-z0-9]{30,}\b/,
  /\bBearer\s+[A-Za-z0-9._~+/-]{16,}/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
];

/** Notes every text of the plan that looks like a secret (F101); the text itself is not repeated. */
export function lintSecrets(source: YamlSource, book: LintBook): void {
  look(source.value, "", source, book);
}

function look(value: JsonValue, pointer: string, source: YamlSource, book: LintBook): void {
  if (typeof value === "string") {
    if (LITERALS.some((literal) => literal.test(value))) {
      book.error(
        source.lineOf(pointer),
        pointer,
        "looks like a secret: list its name under `secrets` and use the variable",
      );
    }
  } else if (Array.isArray(value)) {
    const items: readonly JsonValue[] = value;
    for (const [at, item] of items.entries()) look(item, `${pointer}/${at}`, source, book);
  } else if (isJsonObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      const at = pointerOf(pointer, key);
      if (
        /^(?:password|passwd|secret|token|api_?key)$/i.test(key) &&
        typeof item === "string" &&
        !item.includes("${")
      ) {
        book.error(source.lineOf(at), at, "looks like a secret: list its name under `secrets` and use the variable");
      } else look(item, at, source, book);
    }
  }
}
