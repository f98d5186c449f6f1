import type { RegistryLookup } from "../registry/lookup.ts";
import type { SharedRegistry } from "./shared-registry.ts";

/** A registry that notes which entries were referred to. */
export class MarkedRegistry implements RegistryLookup {
  readonly registry: SharedRegistry;
  /** One byte per entry, 1 once a reference named it. */
  readonly marks: Uint8Array;

  constructor(registry: SharedRegistry, marks: SharedArrayBuffer) {
    this.registry = registry;
    this.marks = new Uint8Array(marks);
  }

  get size(): number {
    return this.registry.size;
  }

  uuidAt(index: number): string {
    return this.registry.uuidAt(index);
  }

  legacyIdAt(index: number): string {
    return this.registry.legacyIdAt(index);
  }

  lookup(legacyId: string): number {
    const index = this.registry.lookup(legacyId);
    if (index >= 0) this.marks[index] = 1;
    return index;
  }
}
