import type { CandidateIndex, ModuleIndex } from "../checks/candidate-index.ts";
import type { EntityPlace } from "../checks/digest-cursor.ts";
import { EntityCursor } from "../checks/entity-cursor.ts";
import { parseUuid, uuidText } from "../integrity/uuid-words.ts";
import { type FindingSink, finding } from "../model/finding.ts";
import { printableKey } from "../model/printable.ts";
import type { SourceDifference } from "../ranges/compare-source.ts";
import { DIGEST_BYTES, type ExpectedEntities } from "../ranges/expected-entities.ts";
import { IdIndex } from "../ranges/id-index.ts";
import { placesOf } from "../ranges/shared-id-memory.ts";
import { namedLegacyId } from "../registry/legacy-id.ts";
import type { RegistryLookup } from "../registry/lookup.ts";
import { changedFields } from "./changed-fields.ts";

/** Changed entities of a module whose fields are named: each costs a search in data.jsonl. */
const FIELDS_NAMED = 100;

/** Words the differences of one module between source and candidate. */
export class SourceFindings {
  readonly #index: ModuleIndex | undefined;
  readonly #expected: ExpectedEntities;
  readonly #sink: FindingSink;
  readonly #entities: EntityCursor | undefined;
  #named = 0;

  constructor(
    candidate: CandidateIndex,
    index: ModuleIndex | undefined,
    expected: ExpectedEntities,
    sink: FindingSink,
  ) {
    this.#index = index;
    this.#expected = expected;
    this.#sink = sink;
    this.#entities = index === undefined ? undefined : new EntityCursor(candidate, index.name);
  }

  /** Reports a record that changed or appeared. */
  add({ position, place, line }: SourceDifference): void {
    if (position < 0) {
      this.#sink(finding("SOURCE_APPEARED", place));
      return;
    }
    const fields = line === undefined ? undefined : this.#changedFields(position, line);
    this.#sink(finding("SOURCE_CHANGED", { ...place, ...(fields === undefined ? {} : { field: fields }) }));
  }

  /** Reports the entities whose records are gone, in the order of the registry. */
  finish(module: string, registry: RegistryLookup): void {
    const seen = new Uint8Array(this.#expected.seen);
    if (!seen.includes(0)) return;
    const index = new IdIndex(this.#expected.ids);
    const words = new Uint32Array(4);
    for (let at = 0; at < registry.size; at += 1) {
      const id = registry.uuidAt(at);
      const position = parseUuid(id, words) ? index.find(words, 0) : -1;
      if (position < 0 || seen[position] !== 0) continue;
      seen[position] = 1;
      this.#sink(finding("SOURCE_VANISHED", { module, id, ...namedLegacyId(registry.legacyIdAt(at)) }));
    }
    // What the registry of today does not hold.
    for (let position = seen.indexOf(0); position >= 0; position = seen.indexOf(0, position + 1)) {
      this.#sink(finding("SOURCE_VANISHED", { module, id: this.#idAt(position) }));
    }
  }

  close(): void {
    this.#entities?.close();
  }

  #changedFields(position: number, line: string): string | undefined {
    if (this.#named >= FIELDS_NAMED) return undefined;
    this.#named += 1;
    const place = this.#placeOf(position);
    if (place === undefined || this.#entities === undefined) return undefined;
    return changedFields(this.#entities.lineOf(place), line).map(printableKey).join(", ");
  }

  #placeOf(position: number): EntityPlace | undefined {
    const chunk = this.#index?.chunks.find(({ index, count }) => position >= index && position < index + count);
    if (chunk === undefined) return undefined;
    const from = DIGEST_BYTES * position;
    const sha256 = Buffer.from(this.#expected.digests).toString("hex", from, from + DIGEST_BYTES);
    return { chunk, at: position - chunk.index, id: this.#idAt(position), sha256 };
  }

  #idAt(position: number): string {
    const words = placesOf(this.#expected.ids).words;
    return uuidText(words.slice(4 * position, 4 * position + 4));
  }
}
