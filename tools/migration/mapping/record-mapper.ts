import { type FindingPlace, type FindingSink, finding } from "../model/finding.ts";
import type { JsonValue } from "../model/json.ts";
import type { ModuleDefinition } from "../model/module.ts";
import { printableKey } from "../model/printable.ts";
import { BrokenRecord } from "../model/source-record.ts";
import { legacyIdOf, printableLegacyId } from "../registry/legacy-id.ts";
import type { RegistryLookup } from "../registry/lookup.ts";
import { compileField, type FieldMapper, kindOf } from "./field-mapper.ts";
import { loadMapper, type MapperFunction } from "./mapper-sandbox.ts";

/** The registries of all modules, by module name. */
export type Registries = ReadonlyMap<string, RegistryLookup>;

/** A source record on its way into the candidate. */
export interface MappedRecord {
  readonly id: string;
  /** Not yet checked against the schema; undefined where a field has a fault, which the sink was told. */
  readonly entity: Readonly<Record<string, JsonValue>> | undefined;
  /** Where to say that something is wrong with it. */
  readonly place: FindingPlace;
}

/** What the mappers of one module share between threads. */
export interface SharedMarks {
  /** One byte per registry entry of the module: 1 once a record with its legacy id was seen. */
  readonly seen: Uint8Array;
  /** The registries as references look them up. */
  readonly targets: Registries;
}

/** Turns the records of one module into entities; faults are findings, and a record with a fault becomes none. */
export class RecordMapper {
  readonly #module: ModuleDefinition;
  readonly #registry: RegistryLookup;
  readonly #fields: readonly { readonly name: string; readonly map: FieldMapper }[];
  readonly #known: ReadonlySet<string>;
  readonly #custom: MapperFunction | undefined;
  readonly #sink: FindingSink;
  /** One byte per registry entry: 1 once a record with its legacy id was seen. */
  readonly #seen: Uint8Array;
  #records = 0;

  constructor(module: ModuleDefinition, registries: Registries, sink: FindingSink, shared?: SharedMarks) {
    const registry = registries.get(module.name);
    if (registry === undefined) throw new TypeError(`no registry for module ${module.name}`);
    this.#module = module;
    this.#registry = registry;
    this.#sink = sink;
    this.#seen = shared?.seen ?? new Uint8Array(registry.size);
    const targets = shared?.targets ?? registries;
    this.#fields = module.fields.map((field) => ({
      name: field.name,
      map: compileField(field, field.ref === undefined ? undefined : targets.get(field.ref)),
    }));
    this.#known = new Set([
      ...module.legacyKey,
      ...module.fields.flatMap((field) => field.from),
      ...module.drop,
      ...(module.mapper?.reads ?? []),
    ]);
    this.#custom = module.mapper && loadMapper(module.mapper, targets);
  }

  /** Records given to `map` so far. */
  get records(): number {
    return this.#records;
  }

  /** Maps one source record; undefined when it has no identity, which the sink was told. */
  map(record: unknown): MappedRecord | undefined {
    this.#records += 1;
    const start: FindingPlace = { module: this.#module.name, record: this.#records };
    if (record instanceof BrokenRecord) {
      this.#reportBroken(record, start);
      return undefined;
    }
    if (typeof record !== "object" || record === null || Array.isArray(record)) {
      this.#sink(finding("SOURCE_RECORD_TYPE", { ...start, expected: "an object", got: kindOf(record) }));
      return undefined;
    }
    const identity = this.#identify(record, start);
    if (identity === undefined) return undefined;
    this.#reportUnknown(record, identity.place);
    return { ...identity, entity: this.#mapFields(record, identity) };
  }

  /** One byte per entry of the module's registry: 1 once a record with its legacy id was seen. */
  get seen(): Uint8Array {
    return this.#seen;
  }

  #reportBroken({ code, place }: BrokenRecord, start: FindingPlace): void {
    const named = place.field === undefined ? {} : { field: printableKey(place.field) };
    this.#sink(finding(code, { ...start, ...place, ...named }));
  }

  #identify(record: object, start: FindingPlace): { id: string; place: FindingPlace } | undefined {
    const fields = this.#module.legacyKey;
    const values = fields.map((name): unknown => (Object.hasOwn(record, name) ? Reflect.get(record, name) : undefined));
    const key = legacyIdOf(values);
    if (!("legacyId" in key)) {
      const code = key.problem === "missing" ? "LEGACY_ID_MISSING" : "LEGACY_ID_TYPE";
      this.#sink(finding(code, { ...start, field: fields.join(", "), got: values.map(kindOf).join(", ") }));
      return undefined;
    }
    const legacyId = printableLegacyId(key.legacyId);
    const named = legacyId === undefined ? start : { ...start, legacyId };
    const index = this.#registry.lookup(key.legacyId);
    if (index < 0) {
      this.#sink(finding("REGISTRY_ENTRY_MISSING", { ...named, field: fields.join(", ") }));
      return undefined;
    }
    const place = { ...named, id: this.#registry.uuidAt(index) };
    if (Atomics.exchange(this.#seen, index, 1) === 1) {
      this.#sink(finding("LEGACY_ID_DUPLICATE", { ...place, field: fields.join(", ") }));
      return undefined;
    }
    return { id: place.id, place };
  }

  #reportUnknown(record: object, place: FindingPlace): void {
    for (const name of Object.keys(record)) {
      if (this.#known.has(name)) continue;
      this.#sink(finding("SOURCE_FIELD_UNKNOWN", { ...place, field: printableKey(name) }));
    }
  }

  #mapFields(record: object, identity: { id: string; place: FindingPlace }): Record<string, JsonValue> | undefined {
    const entity: Record<string, JsonValue> = { id: identity.id };
    let faults = 0;
    for (const field of this.#fields) {
      const result = field.map(record, identity.place, this.#sink);
      if ("fault" in result) faults += 1;
      else if (result.value !== undefined) entity[field.name] = result.value;
    }
    if (faults > 0) return undefined;
    if (this.#custom === undefined) return entity;
    const changed = this.#custom(record, entity);
    if ("entity" in changed) return changed.entity;
    this.#sink(
      finding("MAPPING_MAPPER", { ...identity.place, rule: this.#module.mapper?.file ?? "", got: changed.fault }),
    );
    return undefined;
  }
}

/** The name of a source field where it may be shown: in a map it may be a person's address or number. */
