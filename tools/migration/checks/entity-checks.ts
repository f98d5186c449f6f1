import { type Check, type FindingPlace, type FindingSink, finding } from "../model/finding.ts";
import type { JsonObject } from "../model/json.ts";
import type { ModuleDefinition } from "../model/module.ts";
import { compileInvariantCheck } from "./invariant-check.ts";
import { compilePiiCheck } from "./pii-check.ts";
import { compileSchemaCheck, type EntityCheck } from "./schema-check.ts";

/** The checks that look at one entity by itself; `only` picks some of them. */
export function compileEntityChecks(
  module: ModuleDefinition,
  phoneRegions: readonly string[],
  only: ReadonlySet<Check>,
): EntityCheck {
  const checks: EntityCheck[] = [];
  if (only.has("schema")) checks.push(compileSchemaCheck(module.schema));
  if (only.has("drift")) checks.push(schemaVersionCheck(module));
  if (only.has("invariants")) checks.push(compileInvariantCheck(module.invariants));
  if (only.has("pii")) checks.push(compilePiiCheck(module, phoneRegions));
  return (entity, place, sink) => {
    for (const check of checks) check(entity, place, sink);
  };
}

function schemaVersionCheck(module: ModuleDefinition): EntityCheck {
  const expected = String(module.schemaVersion);
  return (entity: JsonObject, place: FindingPlace, sink: FindingSink) => {
    const version = entity["schemaVersion"];
    if (version === module.schemaVersion) return;
    const got = typeof version === "number" ? String(version) : typeof version;
    sink(finding("SCHEMA_VERSION_DRIFT", { ...place, field: "schemaVersion", expected, got }));
  };
}
