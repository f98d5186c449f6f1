import { mergeRecords } from "./merge-records.ts";
import { RecordList } from "./record-list.ts";
import { MOST_SLOTS, sortSlots } from "./sort-slots.ts";
import type { SpillFolder } from "./spill-folder.ts";

/** Bytes of records that are sorted at once; their order takes 16 bytes a record beside them. */
const MEMORY_BYTES = 32 * 1024 * 1024;
const SMALLEST_BYTES = 16 * 1024;
const SMALLEST_SLOTS = 256;

/** Sorts byte records by their bytes in bounded memory; what does not fit waits in a private folder. */
export class SortedBytes {
  readonly #folder: SpillFolder;
  readonly #memoryBytes: number;
  readonly #runs: RecordList[] = [];
  #bytes = Buffer.alloc(0);
  #begins = new Uint32Array(SMALLEST_SLOTS);
  #count = 0;
  #total = 0;

  constructor(folder: SpillFolder, options: { readonly memoryBytes?: number } = {}) {
    this.#folder = folder;
    this.#memoryBytes = options.memoryBytes ?? MEMORY_BYTES;
  }

  /** Number of records that were added, equal ones each by itself. */
  get count(): number {
    return this.#total;
  }

  /** Takes a copy of a record; `DISK_FULL`, `NOT_WRITABLE` or `IO` where it cannot be kept. */
  add(record: Uint8Array): void {
    const used = this.#begins[this.#count] ?? 0;
    if (this.#count > 0 && (used + record.length > this.#memoryBytes || this.#count === MOST_SLOTS)) {
      this.#spill();
      this.add(record);
      return;
    }
    this.#makeRoom(used + record.length);
    this.#bytes.set(record, used);
    this.#count += 1;
    this.#total += 1;
    this.#begins[this.#count] = used + record.length;
  }

  /** Every record, ascending, each a view until the next one; may be read again and again. */
  *records(): Generator<Buffer> {
    if (this.#runs.length === 0) return yield* this.#sorted();
    if (this.#count > 0) this.#spill();
    this.#bytes = Buffer.alloc(0);
    for (const { record } of mergeRecords(this.#runs.map((run) => run.records()))) yield record;
  }

  *#sorted(): Generator<Buffer> {
    const slots = { bytes: this.#bytes, begins: this.#begins, count: this.#count };
    for (const slot of sortSlots(slots)) yield slots.bytes.subarray(slots.begins[slot], slots.begins[slot + 1]);
  }

  #spill(): void {
    const run = new RecordList(this.#folder);
    for (const record of this.#sorted()) run.add(record);
    this.#runs.push(run);
    this.#count = 0;
  }

  #makeRoom(bytes: number): void {
    if (bytes > this.#bytes.length) {
      const doubled = Math.min(this.#memoryBytes, Math.max(SMALLEST_BYTES, 2 * this.#bytes.length));
      const grown = Buffer.allocUnsafeSlow(Math.max(bytes, doubled));
      this.#bytes.copy(grown);
      this.#bytes = grown;
    }
    if (this.#count + 1 < this.#begins.length) return;
    const grown = new Uint32Array(2 * this.#begins.length);
    grown.set(this.#begins);
    this.#begins = grown;
  }
}
