import { IdTable } from "../integrity/id-table.ts";
import { type FindingPlace, type FindingSink, finding } from "../model/finding.ts";
import type { JsonObject } from "../model/json.ts";
import { type ModuleDefinition, UUID } from "../model/module.ts";
import { visitPath } from "./entity-walk.ts";
import { IdPairs } from "./id-pairs.ts";

/**
 * Foreign keys over all modules, in one pass. A reference to an entity seen before is settled at once; the others
 * (self-references, cycles, targets in later modules) wait as 32 bytes each until everything was seen.
 */
export class ReferenceCheck {
  readonly #ids = new Map<string, IdTable>();
  readonly #waiting = new Map<string, { readonly module: string; readonly target: string; readonly pairs: IdPairs }>();

  constructor(modules: readonly ModuleDefinition[]) {
    for (const module of modules) {
      this.#ids.set(module.name, new IdTable());
      module.references.forEach((reference, index) => {
        const pairs = new IdPairs();
        this.#waiting.set(`${module.name} ${index}`, { module: module.name, target: reference.target, pairs });
      });
    }
  }

  /** Notes that an entity exists; false when its module had one with this id before. */
  addEntity(module: string, id: string): boolean {
    return this.#ids.get(module)?.add(id) ?? false;
  }

  /** Notes the references of an entity; malformed ones are left to the schema check. */
  addReferences(module: ModuleDefinition, entity: JsonObject, place: FindingPlace): void {
    module.references.forEach((reference, index) => {
      const target = this.#ids.get(reference.target);
      visitPath(entity, reference.path, (value) => {
        if (typeof value !== "string" || !UUID.test(value) || target?.has(value) === true) return;
        this.#waiting.get(`${module.name} ${index}`)?.pairs.add(place.id ?? "", value);
      });
    });
  }

  /** Reports every reference whose target never came, in the order of modules, fields and entities. */
  finish(modules: readonly ModuleDefinition[], sink: FindingSink): void {
    for (const module of modules) {
      module.references.forEach((reference, index) => {
        const waiting = this.#waiting.get(`${module.name} ${index}`);
        const target = this.#ids.get(reference.target);
        for (const [id, missing] of waiting?.pairs ?? []) {
          if (target?.has(missing) === true) continue;
          const expected = `an entity of ${reference.target} with id ${missing}`;
          const place = { module: module.name, id, field: reference.path.join("/"), expected, got: "none" };
          sink(finding("REFERENCE_MISSING", place));
        }
      });
    }
  }
}
