import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { sha256Hex } from "../integrity/digest.ts";
import type { Validator } from "./schema-compiler.ts";

/** The schema of schemas (JSON Schema 2020-12). */
export const META_SCHEMA = "https://json-schema.org/draft/2020-12/schema";

/** Where the build puts validators as code. */
export const PRECOMPILED: string = fileURLToPath(new URL("./precompiled-validators.cjs", import.meta.url));

/** The name of a shape among the precompiled validators: a shape that was changed since is not found. */
export function shapeKey(shape: object): string {
  return sha256Hex(Buffer.from(JSON.stringify(shape), "utf8"));
}

let validators: Readonly<Record<string, Validator>> | undefined;

/** The validator of that name; undefined where the build made none. */
export function precompiled(name: string): Validator | undefined {
  if (validators === undefined) validators = existsSync(PRECOMPILED) ? createRequire(import.meta.url)(PRECOMPILED) : {};
  return validators?.[name];
}
