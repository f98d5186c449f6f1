import { compileWriter, type EntityWriter } from "../compiled/writer.ts";
import { stringifyChecked } from "../integrity/canonical.ts";
import { sha256 } from "../integrity/digest.ts";
import { findValueProblem } from "../integrity/strict-value.ts";
import { parseUuid } from "../integrity/uuid-words.ts";
import { type MappedRecord, RecordMapper, type Registries, type SharedMarks } from "../mapping/record-mapper.ts";
import type { Finding, FindingPlace } from "../model/finding.ts";
import type { ModuleDefinition } from "../model/module.ts";
import { readRange } from "../sources/read-range.ts";
import { type RecordBatch, toObject } from "../sources/record-batch.ts";
import type { SourceRange } from "../sources/source-range.ts";
import { DIGEST_BYTES, type ExpectedEntities } from "./expected-entities.ts";
import { IdIndex } from "./id-index.ts";
import type { SharedRegistryData } from "./registry-memory.ts";
import { SharedRegistry } from "./shared-registry.ts";

/** A part of a collection to be compared with the entities of a candidate. */
export interface CompareTask {
  readonly module: string;
  readonly source: SourceRange;
  readonly registries: ReadonlyMap<string, SharedRegistryData>;
  /** One byte per entry of the module's registry, 1 once a record had its legacy id. */
  readonly seen: SharedArrayBuffer;
  readonly expected: ExpectedEntities;
}

/** A record that does not give the entity of the candidate: `position` is that of the entity, -1 where there is none. */
export interface SourceDifference {
  readonly position: number;
  readonly place: FindingPlace;
  /** The line that the record gives now, of the first few differences. */
  readonly line?: string;
}

/** What the comparison of a range came to. */
export interface CompareResult {
  readonly read: number;
  readonly differences: readonly SourceDifference[];
}

/** Differences of one range whose new line is kept, so that the changed fields can be named. */
const LINES_KEPT = 100;

/** Maps the records of a module and compares the digest of each with the candidate's; memory does not grow with them. */
export class SourceComparison {
  readonly #mapper: RecordMapper;
  readonly #writer: EntityWriter;
  readonly #index: IdIndex;
  readonly #digests: Buffer;
  readonly #seen: Uint8Array;
  readonly #words = new Uint32Array(4);
  #fault: Finding | undefined;
  #lines = 0;

  constructor(module: ModuleDefinition, registries: Registries, expected: ExpectedEntities, shared?: SharedMarks) {
    this.#mapper = new RecordMapper(module, registries, this.#note, shared);
    this.#writer = compileWriter(module);
    this.#index = new IdIndex(expected.ids);
    this.#digests = Buffer.from(expected.digests);
    this.#seen = new Uint8Array(expected.seen);
  }

  /** The difference that a record makes; undefined where it gives the entity of the candidate, byte by byte. */
  next(batch: RecordBatch, at: number): SourceDifference | undefined {
    this.#fault = undefined;
    const mapped = this.#map(batch, at);
    const position = mapped === undefined ? -1 : this.#find(mapped.id);
    if (position >= 0) this.#seen[position] = 1;
    const line = mapped?.entity === undefined ? undefined : this.#text(mapped.entity);
    const isSame = position >= 0 && line !== undefined && this.#fault === undefined && this.#has(position, line);
    return isSame ? undefined : this.#difference(position, line);
  }

  // The first fault of a record names what is wrong with it; the rest is for a dry run.
  readonly #note = (found: Finding): void => {
    this.#fault ??= found;
  };

  #map({ columns, rows }: RecordBatch, at: number): MappedRecord | undefined {
    if (columns === undefined) return this.#mapper.map(rows[at]);
    const row = rows[at] as readonly unknown[];
    return this.#mapper.needsObjects ? this.#mapper.map(toObject(columns, row)) : this.#mapper.mapRow(columns, row);
  }

  #find(id: string): number {
    return parseUuid(id, this.#words) ? this.#index.find(this.#words, 0) : -1;
  }

  #text(entity: NonNullable<MappedRecord["entity"]>): string | undefined {
    const text = this.#writer.write(entity);
    if (text !== undefined) return text;
    return findValueProblem(entity) === undefined ? stringifyChecked(entity) : undefined;
  }

  #has(position: number, line: string): boolean {
    const from = DIGEST_BYTES * position;
    return this.#digests.compare(sha256(line), 0, DIGEST_BYTES, from, from + DIGEST_BYTES) === 0;
  }

  #difference(position: number, line: string | undefined): SourceDifference {
    // The number of the record is that in its range, which depends on how the work was shared out.
    const { record: _, ...place } = this.#mapper.place;
    const field = this.#fault?.field === undefined ? {} : { field: this.#fault.field };
    const why = this.#fault === undefined ? {} : { rule: this.#fault.code, ...field };
    const keeps = line !== undefined && position >= 0 && this.#lines < LINES_KEPT;
    if (keeps) this.#lines += 1;
    return { position, place: { ...place, ...why }, ...(keeps ? { line } : {}) };
  }
}

/** Compares one range of records, opened by this thread itself. */
export async function compareRange(
  task: CompareTask,
  module: ModuleDefinition,
  checkCancelled: () => void,
): Promise<CompareResult> {
  const registries = new Map([...task.registries].map(([name, data]) => [name, new SharedRegistry(data)] as const));
  const shared = { seen: new Uint8Array(task.seen), targets: registries };
  const comparison = new SourceComparison(module, registries, task.expected, shared);
  const differences: SourceDifference[] = [];
  let read = 0;
  for await (const batch of readRange(task.source)) {
    checkCancelled();
    for (let at = 0; at < batch.rows.length; at += 1) {
      const difference = comparison.next(batch, at);
      if (difference !== undefined) differences.push(difference);
    }
    read += batch.rows.length;
  }
  return { read, differences };
}
