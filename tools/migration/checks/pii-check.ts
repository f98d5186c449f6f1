import { type FindingSink, finding } from "../model/finding.ts";
import type { ModuleDefinition } from "../model/module.ts";
import { visitPath, visitStrings } from "./entity-walk.ts";
import { piiDetectors } from "./pii-detectors.ts";
import type { EntityCheck } from "./schema-check.ts";

/** Reports personal values in free-text fields of class 0; `got` names the detector, never the value. */
export function compilePiiCheck(module: ModuleDefinition, regions: readonly string[]): EntityCheck {
  const detectors = piiDetectors(regions);
  // The id comes from the registry and is a UUID: a detector could only be wrong about it.
  const open = module.piiFields.filter((field) => (field.pii ?? 0) === 0 && field.freeText && field.path[0] !== "id");
  return (entity, place, sink) => {
    for (const field of open) {
      visitPath(entity, field.path, (value, name) => {
        visitStrings(value, name, (text, at) => {
          for (const detector of detectors) {
            if (detector.found(text)) sink(finding(detector.code, { ...place, field: at, rule: detector.name }));
          }
        });
      });
    }
  };
}

/** Reports the fields of a schema that have no PII class, and class 2 without `residency: local`. */
export function checkPiiClasses(module: ModuleDefinition, sink: FindingSink): void {
  for (const field of module.piiFields) {
    const place = { module: module.name, field: field.path.join("/"), file: `modules/${module.name}/schema.json` };
    if (field.pii === undefined) sink(finding("PII_UNCLASSIFIED", place));
    if (field.pii === 2 && field.residency !== "local") {
      sink(finding("PII_RESIDENCY", { ...place, expected: "local", got: field.residency ?? "nothing" }));
    }
  }
}
