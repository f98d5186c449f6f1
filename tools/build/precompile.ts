import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { META_SCHEMA, PRECOMPILED, precompiledFile, shapeKey } from "../migration/config/precompiled.ts";
import { createAjv } from "../migration/config/schema-compiler.ts";
import * as shapes from "../migration/config/shapes.ts";
import { PLAN_SCHEMA } from "../migration/cutover/plan/schema.ts";

/**
 * Writes the validators of our own shapes, and of JSON Schema itself, as code beside the compiled sources: compiling them at
 * every start took 50 ms of CPU, loading one 1 to 10 ms.
 */
const require = createRequire(import.meta.url);
const { default: standalone }: typeof import("ajv/dist/standalone/index.js") = require("ajv/dist/standalone/index.js");

// Made anew, so that none stays of a shape that was changed; the meta schema is known to the compiler only without it.
rmSync(PRECOMPILED, { recursive: true, force: true });
const ajv = createAjv({ code: { source: true, lines: false } });
const validators = new Map([[META_SCHEMA, ajv.getSchema(META_SCHEMA)]]);
for (const shape of [...Object.values(shapes), PLAN_SCHEMA]) validators.set(shapeKey(shape), ajv.compile(shape));
mkdirSync(PRECOMPILED);
for (const [name, validator] of validators) {
  if (validator === undefined) throw new TypeError(`no schema ${name}`);
  writeFileSync(join(PRECOMPILED, precompiledFile(name)), standalone(ajv, validator));
}
