import { readFileSync, statSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import { sha256Hex } from "../../integrity/digest.ts";
import type { NamedFile } from "../journal/record.ts";

const LARGEST_BYTES = 1024 * 1024;

/** Files of the project that a command names, with their digests: a script that is edited later shows (F82). */
export function namedFiles(root: string, text: string): readonly NamedFile[] {
  const words = new Set(text.split(/[\s"'`;|&<>()=,]+/).filter((word) => word.length > 1 && word.length < 300));
  return [...words].flatMap((word) => named(root, word) ?? []);
}

function named(root: string, word: string): NamedFile | undefined {
  const path = isAbsolute(word) ? word : join(root, word);
  const inside = relative(root, path);
  if (inside === "" || inside.startsWith("..")) return undefined;
  try {
    const stat = statSync(path);
    if (!stat.isFile() || stat.size > LARGEST_BYTES) return undefined;
    return { path: inside, sha256: sha256Hex(readFileSync(path)) };
  } catch {
    return undefined;
  }
}
