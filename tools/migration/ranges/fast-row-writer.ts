import { CELL } from "../integrity/lanes/cell-lanes.ts";
import type { AheadLookup } from "./ahead-lookup.ts";
import { MOST_UUIDS, mapRoom } from "./map-room.ts";
import type { RowCells } from "./row-cells.ts";
import { type LaneCells, type ReferenceCells, RowLanes } from "./row-lanes.ts";
import type { SharedRegistry } from "./shared-registry.ts";

/** A reference of a row: where its entry is looked up, and what says that it was referred to. */
export interface FastReference {
  readonly lookup: AheadLookup;
  /** One byte per entry. */
  readonly marks: Uint8Array;
  readonly cells: ReferenceCells;
}

/** Writes the line of a row with the id of entry `index` to `bytes` from `at` on; its end, or -1 where another has to look at the row. */
export type FastWrite = (cells: RowCells, index: number, bytes: Buffer, at: number) => number;

const WORDS = 4;

/** Writes rows in vectors, in the memory of the thread; put together field by field, in the order of a line. */
export class FastRowWriter {
  readonly #lanes = new RowLanes();
  readonly #references: FastReference[] = [];
  /** Columns whose reals go to the line where JavaScript says so. */
  readonly #reals: number[] = [];

  literal(text: string): void {
    this.#lanes.literal(text);
  }

  id(prefix: string): void {
    this.#lanes.uuid(prefix, mapRoom().uuids.byteOffset);
  }

  kept(column: number, prefix: string, cells: LaneCells, absent: string | undefined): void {
    if (cells.reals) this.#reals.push(column);
    this.#lanes.kept(column, prefix, cells, absent);
  }

  /** False where a row has too many. */
  reference(prefix: string, reference: FastReference): boolean {
    const { lookup, cells } = reference;
    const place = this.#references.push(reference);
    if (place >= MOST_UUIDS) return false;
    this.#lanes.reference(lookup.column, prefix, mapRoom().uuids.byteOffset + 16 * place, cells);
    return true;
  }

  compile(registry: SharedRegistry): FastWrite {
    const { lanes, uuids } = mapRoom();
    const [references, reals] = [this.#references, this.#reals];
    const writeRow = this.#lanes.compile(lanes.shared);
    return (cells, index, bytes, at) => {
      if (bytes.buffer !== lanes.memory) return -1;
      copyWords(registry.words, index, uuids, 0);
      let place = 0;
      for (const { lookup } of references) {
        const entry = lookup.found[cells.slot] ?? -1;
        place += 1;
        if (entry >= 0) copyWords(lookup.registry.words, entry, uuids, place);
        else if (cells.kinds[lookup.column] !== CELL.null) return -1;
      }
      for (const column of reals) if (cells.kinds[column] === CELL.real && !cells.keepsReal(column)) return -1;
      const end = writeRow(cells.kindsAt, cells.fromAt, cells.toAt, cells.bytesAt, bytes.byteOffset + at);
      if (end === 0) return -1;
      for (const { lookup, marks } of references) {
        const entry = lookup.found[cells.slot] ?? -1;
        if (entry >= 0) marks[entry] = 1;
      }
      return end - bytes.byteOffset;
    };
  }
}

function copyWords(from: Uint32Array, index: number, to: Uint32Array, place: number): void {
  for (let word = 0; word < WORDS; word += 1) to[WORDS * place + word] = from[WORDS * index + word] ?? 0;
}
