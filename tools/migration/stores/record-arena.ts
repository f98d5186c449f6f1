/** Bytes of a record before its line: the length of the line (32 bit) and the id (36 bytes). */
export const HEADER_BYTES = 40;
const ID_AT = 4;
const BLOCK_BYTES = 1024 * 1024;
// Flat 36-character string 56, three array slots 24, one index 8, twice that while sorting.
const HEAP_BYTES_PER_RECORD = 104;

/** Writes a record (length, id, line) at `offset` of `target`. */
export function putRecord(target: Buffer, offset: number, id: string, line: Buffer): void {
  target.writeUInt32LE(line.length, offset);
  target.write(id, offset + ID_AT, 36, "latin1");
  line.copy(target, offset + HEADER_BYTES);
}

/** The length of the line of the record at `offset`. */
export function lineLengthAt(source: Buffer, offset: number): number {
  return source.readUInt32LE(offset);
}

/** The id of the record at `offset`, as a string of its own. */
export function idAt(source: Buffer, offset: number): string {
  return source.toString("latin1", offset + ID_AT, offset + HEADER_BYTES);
}

/** Order of two records: by id, equal ids by the bytes of their lines, so that it never depends on arrival. */
export function compareRecords(leftId: string, leftLine: Buffer, rightId: string, rightLine: Buffer): number {
  if (leftId !== rightId) return leftId < rightId ? -1 : 1;
  return leftLine.compare(rightLine);
}

/** Records in memory: bytes in large blocks outside the heap, so that a million lines are not a million objects. */
export class RecordArena {
  readonly #blocks: Buffer[] = [];
  readonly #ids: string[] = [];
  readonly #blockOf: number[] = [];
  readonly #offsetOf: number[] = [];
  #block = -1;
  #used = 0;
  /** Bytes of the blocks before the current one that cannot be used any more. */
  #spentBytes = 0;

  /** Records held. */
  get count(): number {
    return this.#ids.length;
  }

  /** Memory held, in bytes. */
  get memoryBytes(): number {
    return this.#spentBytes + this.#used + this.#ids.length * HEAP_BYTES_PER_RECORD;
  }

  /** Copies a record in. */
  add(id: string, line: Buffer): void {
    const size = HEADER_BYTES + line.length;
    const block = this.#room(size);
    putRecord(block, this.#used, id, line);
    // The caller's id may be a slice that keeps a far larger string alive.
    this.#ids.push(idAt(block, this.#used));
    this.#blockOf.push(this.#block);
    this.#offsetOf.push(this.#used);
    this.#used += size;
  }

  /** Numbers of the records in order. */
  sortedNumbers(): number[] {
    const ids = this.#ids;
    const numbers = Array.from(ids, (_, number) => number);
    return numbers.sort((left, right) => {
      const leftId = ids[left] ?? "";
      const rightId = ids[right] ?? "";
      if (leftId !== rightId) return leftId < rightId ? -1 : 1;
      return this.lineOf(left).compare(this.lineOf(right));
    });
  }

  /** The id of record `number`. */
  idOf(number: number): string {
    return this.#ids[number] ?? "";
  }

  /** A view of the line of record `number`. */
  lineOf(number: number): Buffer {
    return this.recordOf(number).subarray(HEADER_BYTES);
  }

  /** A view of the whole record `number`. */
  recordOf(number: number): Buffer {
    const block = this.#blocks[this.#blockOf[number] ?? -1];
    const offset = this.#offsetOf[number];
    if (block === undefined || offset === undefined) throw new RangeError(`no record ${number}`);
    return block.subarray(offset, offset + HEADER_BYTES + lineLengthAt(block, offset));
  }

  /** Forgets every record and keeps the blocks: freed ones would wait for the garbage collector. */
  clear(): void {
    this.#ids.length = 0;
    this.#blockOf.length = 0;
    this.#offsetOf.length = 0;
    const usual = this.#blocks.filter((block) => block.length === BLOCK_BYTES);
    this.#blocks.splice(0, this.#blocks.length, ...usual);
    this.#block = -1;
    this.#used = 0;
    this.#spentBytes = 0;
  }

  #room(size: number): Buffer {
    const current = this.#blocks[this.#block];
    if (current !== undefined && current.length - this.#used >= size) return current;
    this.#spentBytes += current?.length ?? 0;
    this.#block++;
    this.#used = 0;
    const next = this.#blocks[this.#block];
    if (next !== undefined && next.length >= size) return next;
    const made = Buffer.allocUnsafeSlow(Math.max(size, BLOCK_BYTES));
    this.#blocks.splice(this.#block, 0, made);
    return made;
  }
}
