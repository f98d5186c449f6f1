import { IdTable } from "../integrity/id-table.ts";
import { compareCodeUnits } from "../integrity/order.ts";
import { type FindingSink, finding } from "../model/finding.ts";
import { namedLegacyId } from "./legacy-id.ts";
import type { Registry } from "./registry.ts";

/** Reports every UUID that registries of two modules hold, once for each module but the first in order of names. */
export function findSharedUuids(registries: readonly Registry[], sink: FindingSink): void {
  const sorted = [...registries].sort((left, right) => compareCodeUnits(left.module, right.module));
  const seen = new IdTable();
  for (const [position, registry] of sorted.entries()) {
    for (let index = 0; index < registry.size; index += 1) {
      const uuid = registry.uuidAt(index);
      // A UUID twice in one registry is the finding of that registry's own check.
      if (seen.add(uuid) || registry.indexOfUuid(uuid) !== index) continue;
      const owner = sorted.slice(0, position).find((other) => other.indexOfUuid(uuid) >= 0);
      if (owner !== undefined) reportShared(registry, index, owner, sink);
    }
  }
}

function reportShared(registry: Registry, index: number, owner: Registry, sink: FindingSink): void {
  sink(
    finding("REGISTRY_UUID_SHARED", {
      module: registry.module,
      id: registry.uuidAt(index),
      ...namedLegacyId(registry.legacyIdAt(index)),
      expected: `a targetUuid that only ${registry.module} has`,
      got: `one that ${owner.module} has too`,
    }),
  );
}
