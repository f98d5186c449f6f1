import { compileEntityChecks } from "../checks/entity-checks.ts";
import type { EntityCheck } from "../checks/schema-check.ts";
import { type ByteWriter, compileByteWriter } from "../compiled/byte-writer.ts";
import { compileMatcher, type LineMatcher } from "../compiled/matcher.ts";
import { compileWriter, type EntityWriter } from "../compiled/writer.ts";
import { stringifyChecked } from "../integrity/canonical.ts";
import { MAX_LINE_BYTES } from "../integrity/limits.ts";
import { findValueProblem } from "../integrity/strict-value.ts";
import { type MappedRecord, RecordMapper } from "../mapping/record-mapper.ts";
import type { Check } from "../model/finding.ts";
import type { ModuleDefinition } from "../model/module.ts";
import type { RegistryLookup } from "../registry/lookup.ts";
import { readRange } from "../sources/read-range.ts";
import { type RecordBatch, toObject } from "../sources/record-batch.ts";
import type { SourceRange } from "../sources/source-range.ts";
import { SharedRegistry, type SharedRegistryData } from "./shared-registry.ts";
import { Spill, type SpillResult } from "./spill.ts";
import { readUuid } from "./uuid-bytes.ts";

/** What all map tasks of one module share. */
export interface MapShare {
  readonly registries: ReadonlyMap<string, SharedRegistryData>;
  /** One byte per entry of the module's registry, 1 once a record had its legacy id. */
  readonly seen: SharedArrayBuffer;
  /** By module: one byte per registry entry, 1 once a reference named it. */
  readonly referenced: ReadonlyMap<string, SharedArrayBuffer>;
}

/** A part of a collection to be mapped; `spill` is undefined where nothing is to be written. */
export interface MapTask {
  readonly module: string;
  readonly source: SourceRange;
  readonly share: MapShare;
  readonly spill: { readonly path: string; readonly bounds: Uint32Array } | undefined;
}

/** Records that are all without a finding; else the source is for the authority. */
export type MapResult =
  | { readonly clean: false }
  | { readonly clean: true; readonly read: number; readonly spill: SpillResult | undefined };

/** What the checks of every module are made with. */
export interface MapSetup {
  readonly phoneRegions: readonly string[];
  readonly checks: ReadonlySet<Check>;
  readonly compiled: boolean;
}

/** The compiled parts of one module, kept by a worker between tasks. */
export class MapChecks {
  readonly module: ModuleDefinition;
  readonly matcher: LineMatcher | undefined;
  readonly writer: EntityWriter;
  readonly byteWriter: ByteWriter | undefined;
  readonly #phoneRegions: readonly string[];
  readonly #checks: ReadonlySet<Check>;
  #authority: EntityCheck | undefined;

  /** `compiled` is false where there is too little data to make up for compiling a matcher. */
  constructor(module: ModuleDefinition, setup: MapSetup) {
    const { phoneRegions, checks, compiled } = setup;
    this.module = module;
    this.matcher = compiled ? compileMatcher(module) : undefined;
    this.writer = compileWriter(module);
    this.byteWriter = compileByteWriter(module);
    this.#phoneRegions = phoneRegions;
    this.#checks = checks;
  }

  get authority(): EntityCheck {
    this.#authority ??= compileEntityChecks(this.module, this.#phoneRegions, this.#checks);
    return this.#authority;
  }
}

/** Reads, maps and checks a range of records and spreads their lines over the partitions; stops at the first finding. */
export async function mapRange(task: MapTask, checks: MapChecks, checkCancelled: () => void): Promise<MapResult> {
  const spill = task.spill === undefined ? undefined : new Spill(task.spill.path, task.spill.bounds);
  try {
    const mapping = new RangeMapping(task, checks, spill);
    let read = 0;
    for await (const batch of readRange(task.source)) {
      checkCancelled();
      for (let at = 0; at < batch.rows.length; at += 1) {
        if (!mapping.next(batch, at)) return { clean: false };
      }
      read += batch.rows.length;
    }
    return { clean: true, read, spill: spill?.finish() };
  } finally {
    spill?.close();
  }
}

class RangeMapping {
  readonly #checks: MapChecks;
  readonly #mapper: RecordMapper;
  readonly #spill: Spill | undefined;
  readonly #words = new Uint32Array(4);
  readonly #idBytes = Buffer.alloc(36);
  /** Takes the lines that are not spilled. */
  #scratch = Buffer.allocUnsafe(64 * 1024);
  /** Holds the line that was written last, up to `#end`. */
  #bytes: Buffer = this.#scratch;
  #end = 0;
  #findings = 0;

  constructor(task: MapTask, checks: MapChecks, spill: Spill | undefined) {
    const registries = new Map(
      [...task.share.registries].map(([name, data]) => [name, new SharedRegistry(data)] as const),
    );
    const targets = new Map(
      [...registries].map(([name, registry]) => [name, marking(registry, task.share.referenced.get(name))] as const),
    );
    this.#checks = checks;
    this.#spill = spill;
    this.#mapper = new RecordMapper(checks.module, registries, this.#count, {
      seen: new Uint8Array(task.share.seen),
      targets,
    });
  }

  /** Maps, checks and spills one record; false where there is anything to say about it. */
  next(batch: RecordBatch, at: number): boolean {
    const mapped = this.#map(batch, at);
    if (mapped?.entity === undefined || this.#findings > 0) return false;
    this.#idBytes.write(mapped.id, 0, "latin1");
    if (!readUuid(this.#idBytes, 0, this.#words, 0)) return false;
    const begin = this.#write(mapped.entity);
    const length = this.#end - begin;
    if (begin < 0 || length > MAX_LINE_BYTES) return false;
    const bytes = this.#bytes;
    const isFine = this.#checks.matcher?.match(bytes, begin, begin + length) === true || this.#judge(mapped.entity);
    if (isFine) this.#spill?.commit(this.#words, length);
    return isFine;
  }

  #map({ columns, rows }: RecordBatch, at: number): MappedRecord | undefined {
    if (columns === undefined) return this.#mapper.map(rows[at]);
    const row = rows[at] as readonly unknown[];
    return this.#mapper.needsObjects ? this.#mapper.map(toObject(columns, row)) : this.#mapper.mapRow(columns, row);
  }

  readonly #count = (): void => {
    this.#findings += 1;
  };

  /** Where the line of an entity begins in `#bytes`, with `#end` behind it; -1 where it has none. */
  #write(entity: NonNullable<MappedRecord["entity"]>): number {
    const { byteWriter } = this.#checks;
    if (byteWriter !== undefined) {
      const begin = this.#reserve(byteWriter.room(entity));
      this.#end = byteWriter.write(entity, this.#bytes, begin);
      if (this.#end >= 0) return begin;
    }
    const text = this.#text(entity);
    if (text === undefined) return -1;
    const begin = this.#reserve(3 * text.length);
    this.#end = begin + this.#bytes.write(text, begin, "utf8");
    return begin;
  }

  #reserve(most: number): number {
    const begin = this.#spill?.reserve(this.#words[0] ?? 0, most) ?? 0;
    this.#bytes = this.#spill?.bytes ?? this.#room(most);
    return begin;
  }

  #text(entity: NonNullable<MappedRecord["entity"]>): string | undefined {
    const text = this.#checks.writer.write(entity);
    if (text !== undefined) return text;
    return findValueProblem(entity) === undefined ? stringifyChecked(entity) : undefined;
  }

  #room(bytes: number): Buffer {
    if (this.#scratch.length < bytes) this.#scratch = Buffer.allocUnsafe(bytes);
    return this.#scratch;
  }

  /** What the matcher does not accept the authority looks at. */
  #judge(entity: NonNullable<MappedRecord["entity"]>): boolean {
    if (findValueProblem(entity) !== undefined) return false;
    this.#checks.authority(entity, this.#mapper.place, this.#count);
    return this.#findings === 0;
  }
}

/** A registry that notes which entries were referred to. */
function marking(registry: SharedRegistry, referenced: SharedArrayBuffer | undefined): RegistryLookup {
  const marks = referenced === undefined ? undefined : new Uint8Array(referenced);
  return {
    size: registry.size,
    uuidAt: (index) => registry.uuidAt(index),
    legacyIdAt: (index) => registry.legacyIdAt(index),
    lookup: (legacyId) => {
      const index = registry.lookup(legacyId);
      if (index >= 0 && marks !== undefined) marks[index] = 1;
      return index;
    },
  };
}
