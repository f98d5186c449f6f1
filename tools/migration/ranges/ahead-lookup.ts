import { CELL } from "../integrity/lanes/cell-lanes.ts";
import { type CellBlock, ROWS_AHEAD } from "./row-cells.ts";
import { KeyBatch, type SharedRegistry } from "./shared-registry.ts";

/** Looks the cells of one column up in a registry, those of all rows that were read ahead together. */
export class AheadLookup {
  /** By slot of a row: the index of the entry, or -1, also where a cell is neither a plain text nor an integer. */
  readonly found = new Int32Array(ROWS_AHEAD).fill(-1);
  readonly column: number;
  readonly registry: SharedRegistry;
  readonly #keys = new KeyBatch();

  constructor(column: number, registry: SharedRegistry) {
    this.column = column;
    this.registry = registry;
  }

  /** Looks the cells of the first `count` rows of a block up. */
  settle({ bytes, width, kinds, from, to }: CellBlock, count: number): void {
    const [keys, found] = [this.#keys, this.found];
    keys.count = 0;
    for (let slot = 0, cell = this.column; slot < count; slot += 1, cell += width) {
      const kind = kinds[cell];
      found[slot] = -1;
      if (kind === CELL.text || kind === CELL.integer) keys.add(slot, from[cell] ?? 0, to[cell] ?? 0);
    }
    this.registry.findAll(bytes, keys, found);
  }
}
