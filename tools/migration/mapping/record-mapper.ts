import { type FindingPlace, type FindingSink, finding } from "../model/finding.ts";
import type { FindingCode } from "../model/finding-codes.ts";
import type { JsonValue } from "../model/json.ts";
import type { FieldDefinition, ModuleDefinition } from "../model/module.ts";
import { printableKey } from "../model/printable.ts";
import { BrokenRecord } from "../model/source-record.ts";
import { legacyIdOf, namedLegacyId } from "../registry/legacy-id.ts";
import type { RegistryLookup } from "../registry/lookup.ts";
import { compileField, type FieldMapper, kindOf } from "./field-mapper.ts";
import { loadMapper, type MapperFunction } from "./mapper-sandbox.ts";
import { RecordSlots } from "./record-slots.ts";
import { FAILED } from "./transforms.ts";

/** The registries of all modules, by module name. */
export type Registries = ReadonlyMap<string, RegistryLookup>;

/** A source record on its way into the candidate. */
export interface MappedRecord {
  readonly id: string;
  /** Not yet checked against the schema; undefined where a field has a fault, which the sink was told. */
  readonly entity: Readonly<Record<string, JsonValue>> | undefined;
}

/** What the mappers of one module share between threads. */
export interface SharedMarks {
  /** One byte per registry entry of the module: 1 once a record with its legacy id was seen. */
  readonly seen: Uint8Array;
  /** The registries as references look them up. */
  readonly targets: Registries;
}

/** The source fields that a rule reads. */
function sourceNames({ from, parts }: FieldDefinition): readonly string[] {
  return parts ?? from;
}

/** Turns the records of one module into entities; faults are findings, and a record with a fault becomes none. */
export class RecordMapper {
  readonly #module: ModuleDefinition;
  readonly #registry: RegistryLookup;
  readonly #fields: readonly { readonly name: string; readonly map: FieldMapper }[];
  readonly #slots: RecordSlots;
  readonly #keySlots: readonly number[];
  readonly #custom: MapperFunction | undefined;
  readonly #sink: FindingSink;
  /** One byte per registry entry: 1 once a record with its legacy id was seen. */
  readonly #seen: Uint8Array;
  #records = 0;
  /** What is known of the present record: its place is put together only when something is wrong with it. */
  #legacyId: string | undefined;
  #id: string | undefined;

  constructor(module: ModuleDefinition, registries: Registries, sink: FindingSink, shared?: SharedMarks) {
    const registry = registries.get(module.name);
    if (registry === undefined) throw new TypeError(`no registry for module ${module.name}`);
    const targets = shared?.targets ?? registries;
    const names = [...new Set([...module.legacyKey, ...module.fields.flatMap(sourceNames)])];
    const slotsOf = (wanted: readonly string[]): number[] => wanted.map((name) => names.indexOf(name));
    this.#module = module;
    this.#registry = registry;
    this.#sink = sink;
    this.#seen = shared?.seen ?? new Uint8Array(registry.size);
    this.#fields = module.fields.map((field) => ({
      name: field.name,
      map: compileField(
        field,
        slotsOf(sourceNames(field)),
        field.ref === undefined ? undefined : targets.get(field.ref),
        module.form,
      ),
    }));
    this.#slots = new RecordSlots(names, new Set([...names, ...module.drop, ...(module.mapper?.reads ?? [])]));
    this.#keySlots = slotsOf(module.legacyKey);
    this.#custom = module.mapper && loadMapper(module.mapper, targets);
  }

  /** One byte per entry of the module's registry: 1 once a record with its legacy id was seen. */
  get seen(): Uint8Array {
    return this.#seen;
  }

  /** True where a mapper function wants the record itself: rows must then come as objects. */
  get needsObjects(): boolean {
    return this.#custom !== undefined;
  }

  /** Where the present record is: as much of it as is known by now. */
  get place(): FindingPlace {
    const named = this.#legacyId === undefined ? {} : namedLegacyId(this.#legacyId);
    const place = { module: this.#module.name, record: this.#records, ...named };
    return this.#id === undefined ? place : { ...place, id: this.#id };
  }

  /** Maps one source record; undefined when it has no identity, which the sink was told. */
  map(record: unknown): MappedRecord | undefined {
    this.#begin();
    if (record instanceof BrokenRecord) {
      const { field } = record.place;
      this.#report(record.code, { ...record.place, ...(field === undefined ? {} : { field: printableKey(field) }) });
      return undefined;
    }
    if (typeof record !== "object" || record === null || Array.isArray(record)) {
      this.#report("SOURCE_RECORD_TYPE", { expected: "an object", got: kindOf(record) });
      return undefined;
    }
    return this.#mapSlots(this.#slots.takeObject(record), record);
  }

  /** Maps one row under shared column names, without making an object of it; only where `needsObjects` is false. */
  mapRow(columns: readonly string[], row: readonly unknown[]): MappedRecord | undefined {
    this.#begin();
    return this.#mapSlots(this.#slots.takeRow(columns, row), undefined);
  }

  #begin(): void {
    this.#records += 1;
    this.#legacyId = undefined;
    this.#id = undefined;
  }

  #mapSlots(unknown: readonly string[], record: object | undefined): MappedRecord | undefined {
    const id = this.#identify();
    if (id === undefined) return undefined;
    for (const name of unknown) this.#report("SOURCE_FIELD_UNKNOWN", { field: printableKey(name) });
    return { id, entity: this.#mapFields(id, record) };
  }

  readonly #report = (code: FindingCode, details: FindingPlace): void => {
    this.#sink(finding(code, { ...this.place, ...details }));
  };

  #identify(): string | undefined {
    const { legacyKey } = this.#module;
    const values = this.#keySlots.map((slot) => this.#slots.values[slot]);
    const key = legacyIdOf(values);
    const field = legacyKey.join(", ");
    if (!("legacyId" in key)) {
      const code = key.problem === "missing" ? "LEGACY_ID_MISSING" : "LEGACY_ID_TYPE";
      this.#report(code, { field, got: values.map(kindOf).join(", ") });
      return undefined;
    }
    this.#legacyId = key.legacyId;
    const index = this.#registry.lookup(key.legacyId);
    if (index < 0) {
      this.#report("REGISTRY_ENTRY_MISSING", { field });
      return undefined;
    }
    this.#id = this.#registry.uuidAt(index);
    if (Atomics.exchange(this.#seen, index, 1) === 0) return this.#id;
    this.#report("LEGACY_ID_DUPLICATE", { field });
    return undefined;
  }

  #mapFields(id: string, record: object | undefined): Record<string, JsonValue> | undefined {
    const entity: Record<string, JsonValue> = { id };
    let faults = 0;
    for (const field of this.#fields) {
      const result = field.map(this.#slots.values, this.#report);
      if (result === FAILED) faults += 1;
      else if (result !== undefined) entity[field.name] = result;
    }
    if (faults > 0) return undefined;
    if (this.#custom === undefined || record === undefined) return entity;
    const changed = this.#custom(record, entity);
    if ("entity" in changed) return changed.entity;
    this.#report("MAPPING_MAPPER", { rule: this.#module.mapper?.file ?? "", got: changed.fault });
    return undefined;
  }
}
