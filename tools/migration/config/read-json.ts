import { isUtf8 } from "node:buffer";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseStrict } from "../integrity/strict-parse.ts";
import { systemCode } from "../model/errors.ts";
import type { JsonValue } from "../model/json.ts";
import type { Problems } from "./problems.ts";

/** Reads one configuration file strictly (duplicate keys, numbers, surrogates); undefined after noting a problem. */
export function readJsonFile(root: string, file: string, problems: Problems): JsonValue | undefined {
  const bytes = readBytes(root, file, problems);
  if (bytes === undefined) return undefined;
  if (!isUtf8(bytes)) {
    problems.add(file, "", "UTF-8", "bytes that are not UTF-8");
    return undefined;
  }
  const text = bytes.toString("utf8");
  const parsed = parseStrict(text);
  if (parsed.ok) return parsed.value;
  problems.add(file, position(text, parsed.offset), "strict JSON", parsed.message);
  return undefined;
}

/** Reads a file as bytes; undefined after noting a problem. */
export function readBytes(root: string, file: string, problems: Problems): Buffer | undefined {
  try {
    const path = join(root, file);
    // Reading a pipe would wait for ever, deaf to signals.
    const isFile = statSync(path).isFile();
    if (!isFile) problems.add(file, "", "a regular file", "something else");
    return isFile ? readFileSync(path) : undefined;
  } catch (error) {
    const code = systemCode(error);
    const got = code === "ENOENT" ? "no such file" : code === "EISDIR" ? "a directory" : `an error (${code})`;
    problems.add(file, "", "a readable file", got);
    return undefined;
  }
}

function position(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  return `line ${before.length}, column ${(before.at(-1) ?? "").length + 1}`;
}
