import { compileEntityChecks } from "../checks/entity-checks.ts";
import type { ReferenceCheck } from "../checks/reference-check.ts";
import { RegistryAgreement } from "../checks/registry-agreement.ts";
import type { EntityCheck } from "../checks/schema-check.ts";
import { type Check, type FindingPlace, type FindingSink, finding } from "../model/finding.ts";
import type { JsonObject } from "../model/json.ts";
import type { ModuleDefinition } from "../model/module.ts";
import type { Registry } from "../registry/registry.ts";

/** What the entities of one module are checked against. */
export interface EntityScanOptions {
  readonly definition: ModuleDefinition;
  readonly checks: ReadonlySet<Check>;
  readonly phoneRegions: readonly string[];
  readonly references: ReferenceCheck | undefined;
  readonly registry: Registry | undefined;
  readonly sink: FindingSink;
}

/** Checks the parsed entities of one module: schema and rules, references, duplicates, registry. */
export class EntityScan {
  readonly #options: EntityScanOptions;
  readonly #check: EntityCheck;
  readonly #agreement: RegistryAgreement | undefined;
  #previous = "";

  constructor(options: EntityScanOptions) {
    const { definition, registry, sink } = options;
    this.#options = options;
    this.#check = compileEntityChecks(definition, options.phoneRegions, options.checks);
    this.#agreement = registry && new RegistryAgreement(definition.name, registry, sink);
  }

  /** What the scan of the module's files is to call. */
  readonly listeners = {
    onEntity: (entity: JsonObject, place: FindingPlace): void => {
      this.#check(entity, place, this.#options.sink);
      this.#note(place);
      this.#options.references?.addReferences(this.#options.definition, entity, place);
    },
    onUnreadable: (place: FindingPlace): void => this.#note(place),
  };

  /** Notes that an entity is there, whatever is wrong with it. */
  #note(place: FindingPlace): void {
    const { definition, references, sink } = this.#options;
    const id = place.id ?? "";
    const isNew = references?.addEntity(definition.name, id) ?? true;
    // An equal neighbour was reported by the order check already.
    if (!isNew && id !== this.#previous) sink(finding("ENTITY_ID_DUPLICATE", place));
    this.#agreement?.next(id, place);
    this.#previous = id;
  }

  /** Reports what only the end can tell. */
  finish(): void {
    this.#agreement?.finish();
  }
}
