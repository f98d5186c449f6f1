import { stringifyChecked } from "../integrity/canonical.ts";
import { CELL } from "../integrity/lanes/cell-lanes.ts";
import { MAX_LINE_BYTES } from "../integrity/limits.ts";
import { findValueProblem } from "../integrity/strict-value.ts";
import { parseUuid } from "../integrity/uuid-words.ts";
import { type MappedRecord, RecordMapper } from "../mapping/record-mapper.ts";
import { type RecordBatch, toObject } from "../sources/record-batch.ts";
import type { CellPage } from "../sources/sqlite-cells.ts";
import type { MapChecks } from "./map-checks.ts";
import { MarkedRegistry } from "./marked-registry.ts";
import type { SharedRegistryData } from "./registry-memory.ts";
import { RowCells } from "./row-cells.ts";
import { compileRowWriter, type RowWriter } from "./row-writer.ts";
import { SharedRegistry } from "./shared-registry.ts";
import type { LineSink } from "./spill.ts";

/** What all map tasks of one module share. */
export interface MapShare {
  readonly registries: ReadonlyMap<string, SharedRegistryData>;
  /** One byte per entry of the module's registry, 1 once a record had its legacy id. */
  readonly seen: SharedArrayBuffer;
  /** By module: one byte per registry entry, 1 once a reference named it. */
  readonly referenced: ReadonlyMap<string, SharedArrayBuffer>;
}

/** Maps and checks the records of one module; what it has to say about one is only whether it is without a finding. */
export class RangeMapping {
  readonly #checks: MapChecks;
  readonly #registry: SharedRegistry;
  readonly #targets: ReadonlyMap<string, MarkedRegistry>;
  readonly #mapper: RecordMapper;
  readonly #seen: Uint8Array;
  readonly #words = new Uint32Array(4);
  #end = 0;
  #findings = 0;
  #rows: RowMapping | undefined;

  constructor(checks: MapChecks, share: MapShare) {
    const registries = new Map(
      [...share.registries].map(([name, data]) => [name, new SharedRegistry(data, checks.thread)] as const),
    );
    const own = share.registries.get(checks.module.name);
    if (own === undefined) throw new TypeError(`no registry for module ${checks.module.name}`);
    this.#checks = checks;
    // Of its own, because it remembers where in the registry the records are.
    this.#registry = new SharedRegistry(own, checks.thread);
    this.#seen = new Uint8Array(share.seen);
    this.#targets = new Map(
      [...registries].map(([name, registry]) => {
        const marks = share.referenced.get(name) ?? new SharedArrayBuffer(registry.size);
        return [name, new MarkedRegistry(registry, marks)] as const;
      }),
    );
    this.#mapper = new RecordMapper(checks.module, registries, this.#count, {
      seen: this.#seen,
      targets: this.#targets,
    });
  }

  /** The mapping of rows with the columns of the collection; undefined where their lines cannot be written from bytes. */
  rows(columns: readonly string[]): RowMapping | undefined {
    const { matcher, module } = this.#checks;
    const writer =
      this.#rows === undefined && matcher && compileRowWriter(module, columns, this.#registry, this.#targets);
    if (writer) this.#rows = new RowMapping(this, columns, writer);
    return this.#rows;
  }

  /** Maps, checks and keeps one record; false where there is anything to say about it. */
  record(batch: RecordBatch, at: number, lines: LineSink): boolean {
    const mapped = this.#map(batch, at);
    if (mapped?.entity === undefined || this.#findings > 0) return false;
    if (!parseUuid(mapped.id, this.#words)) return false;
    const begin = this.#write(mapped.entity, lines);
    const length = this.#end - begin;
    if (begin < 0 || length > MAX_LINE_BYTES) return false;
    const isFine =
      this.#checks.matcher?.match(lines.bytes, begin, begin + length) === true || this.#judge(mapped.entity);
    if (isFine) lines.commit(this.#words, length);
    return isFine;
  }

  /** The same for a row, from its cells; undefined where it is for `record`. */
  cells(cells: RowCells, writer: RowWriter, lines: LineSink): boolean | undefined {
    const { keyColumn } = writer;
    const [kind, from, to] = [cells.kinds[keyColumn], cells.from[keyColumn] ?? 0, cells.to[keyColumn] ?? 0];
    if (kind !== CELL.integer && (kind !== CELL.text || from === to)) return undefined;
    const index = this.#registry.find(cells.bytes, from, to);
    if (index < 0) return undefined;
    for (let word = 0; word < 4; word += 1) this.#words[word] = this.#registry.words[4 * index + word] ?? 0;
    const begin = lines.reserve(this.#words[0] ?? 0, writer.room(cells.length));
    const end = writer.write(cells, index, lines.bytes, lines.view, begin);
    if (end < 0 || end - begin > MAX_LINE_BYTES) return undefined;
    if (this.#checks.matcher?.match(lines.bytes, begin, end) !== true) return undefined;
    // Two threads at the same entry may both find 0 here: then fewer entries are seen than records were read.
    if (this.#seen[index] !== 0) return false;
    this.#seen[index] = 1;
    lines.commit(this.#words, end - begin);
    return true;
  }

  #map({ columns, rows }: RecordBatch, at: number): MappedRecord | undefined {
    if (columns === undefined) return this.#mapper.map(rows[at]);
    const row = rows[at] as readonly unknown[];
    return this.#mapper.needsObjects ? this.#mapper.map(toObject(columns, row)) : this.#mapper.mapRow(columns, row);
  }

  readonly #count = (): void => {
    this.#findings += 1;
  };

  /** Where the line of an entity begins in the sink, with `#end` behind it; -1 where it has none. */
  #write(entity: NonNullable<MappedRecord["entity"]>, lines: LineSink): number {
    const { byteWriter } = this.#checks;
    if (byteWriter !== undefined) {
      const begin = lines.reserve(this.#words[0] ?? 0, byteWriter.room(entity));
      this.#end = byteWriter.write(entity, lines.bytes, begin);
      if (this.#end >= 0) return begin;
    }
    const text = this.#text(entity);
    if (text === undefined) return -1;
    const begin = lines.reserve(this.#words[0] ?? 0, 3 * text.length);
    this.#end = begin + lines.bytes.write(text, begin, "utf8");
    return begin;
  }

  #text(entity: NonNullable<MappedRecord["entity"]>): string | undefined {
    const text = this.#checks.writer.write(entity);
    if (text !== undefined) return text;
    return findValueProblem(entity) === undefined ? stringifyChecked(entity) : undefined;
  }

  /** What the matcher does not accept the authority looks at. */
  #judge(entity: NonNullable<MappedRecord["entity"]>): boolean {
    if (findValueProblem(entity) !== undefined) return false;
    this.#checks.authority(entity, this.#mapper.place, this.#count);
    return this.#findings === 0;
  }
}

/** Rows after which it is seen whether JSON is worth its price. */
const TRIAL_ROWS = 4096;

/** Maps pages of rows: from their JSON text where that is enough, else as the driver gives them. */
export class RowMapping {
  /** The columns that are read as JSON. */
  readonly wanted: readonly string[];
  readonly #mapping: RangeMapping;
  readonly #columns: readonly string[];
  readonly #writer: RowWriter;
  readonly #cells: RowCells;
  #read = 0;
  #slow = 0;

  constructor(mapping: RangeMapping, columns: readonly string[], writer: RowWriter) {
    this.#mapping = mapping;
    this.#columns = columns;
    this.#writer = writer;
    this.wanted = writer.columns;
    this.#cells = new RowCells(writer.columns.length, writer.lookups);
  }

  /** False where so many rows were read twice that JSON only costs. */
  get isWorthwhile(): boolean {
    return this.#read < TRIAL_ROWS || this.#slow < this.#read / 2;
  }

  /** Maps, checks and keeps all rows of a page; false where there is anything to say about one. */
  page(page: CellPage, lines: LineSink): boolean {
    const cells = this.#cells;
    let rest: RecordBatch | undefined;
    this.#read += page.count;
    const slowly = (row: number): boolean => {
      this.#slow += 1;
      rest ??= { columns: this.#columns, rows: page.rows() };
      return rest.rows.length === page.count && this.#mapping.record(rest, row, lines);
    };
    let [row, canRead] = [0, cells.open(page)];
    for (; canRead && row < page.count; row += 1) {
      const found = cells.next();
      if (found === "lost") canRead = false;
      const kept = found === "cells" ? this.#mapping.cells(cells, this.#writer, lines) : undefined;
      if (!(kept ?? slowly(row))) return false;
    }
    if (canRead && !cells.isEnd) return false;
    for (; row < page.count; row += 1) if (!slowly(row)) return false;
    return true;
  }
}
