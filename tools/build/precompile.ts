import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { META_SCHEMA, PRECOMPILED, shapeKey } from "../migration/config/precompiled.ts";
import { createAjv } from "../migration/config/schema-compiler.ts";
import * as shapes from "../migration/config/shapes.ts";
import { PLAN_SCHEMA } from "../migration/cutover/plan/schema.ts";

/**
 * Writes the validators of our own shapes, and of JSON Schema itself, as code beside the compiled sources: compiling them at
 * every start took 50 ms of CPU, loading them 5 ms.
 */
const require = createRequire(import.meta.url);
const { default: standalone }: typeof import("ajv/dist/standalone/index.js") = require("ajv/dist/standalone/index.js");

const ajv = createAjv({ code: { source: true, lines: false } });
const names: Record<string, string> = { [META_SCHEMA]: META_SCHEMA };
for (const shape of [...Object.values(shapes), PLAN_SCHEMA]) {
  const key = shapeKey(shape);
  ajv.addSchema(shape, key);
  names[key] = key;
}
const code = standalone(ajv, Object.fromEntries(Object.keys(names).map((name, at) => [`v${at}`, name])));
const table = Object.keys(names).map((name, at) => `${JSON.stringify(name)}: exports.v${at}`);
writeFileSync(PRECOMPILED, `${code}\nmodule.exports = { ${table.join(", ")} };\n`);
