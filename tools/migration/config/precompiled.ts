import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256Hex } from "../integrity/digest.ts";
import type { Validator } from "./schema-compiler.ts";

/** The schema of schemas (JSON Schema 2020-12). */
export const META_SCHEMA = "https://json-schema.org/draft/2020-12/schema";

/** The folder in which the build puts validators as code, a file for each: the largest takes ten times as long to load as most. */
export const PRECOMPILED: string = fileURLToPath(new URL("./precompiled", import.meta.url));

/** The name of a shape among the precompiled validators: a shape that was changed since is not found. */
export function shapeKey(shape: object): string {
  return sha256Hex(Buffer.from(JSON.stringify(shape), "utf8"));
}

/** The file of a validator in that folder. */
export function precompiledFile(name: string): string {
  return `${name === META_SCHEMA ? "meta-schema" : name}.cjs`;
}

/** The validator of that name; undefined where the build made none. */
export function precompiled(name: string): Validator | undefined {
  const path = join(PRECOMPILED, precompiledFile(name));
  return existsSync(path) ? createRequire(import.meta.url)(path) : undefined;
}
