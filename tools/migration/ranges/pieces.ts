/** A spill file, or memory that every thread can read. */
export type Place = string | SharedArrayBuffer;

/** Where pieces of spilled lines lie, as numbers: at 10 M entities there are 157 000, which took 30 MB as objects. */
export interface Pieces {
  readonly places: readonly Place[];
  /** Three numbers for each piece: which of the places it lies in, its offset there, its length. */
  readonly spans: Float64Array;
}

/** The pieces of one spill, those of one partition behind those of another. */
export interface SpillPieces extends Pieces {
  /** Number of pieces up to the end of each partition. */
  readonly ends: Uint32Array;
}

/** Numbers of a piece in `spans`. */
export const SPAN_NUMBERS = 3;

/** Collects the pieces of a spill in the order in which they are made. */
export class PieceList {
  readonly #places: Place[] = [];
  readonly #partitions: number[] = [];
  readonly #spans: number[] = [];

  /** Adds a piece that lies behind the last one in the same place, or in a new one. */
  add(partition: number, place: Place, offset: number, length: number): void {
    // A spill has one file and few pieces in memory, of which each is another place.
    const known = typeof place === "string" ? this.#places.indexOf(place) : -1;
    this.#partitions.push(partition);
    this.#spans.push(known >= 0 ? known : this.#places.push(place) - 1, offset, length);
  }

  /** All pieces by partition, those of one in the order in which they were added. */
  byPartition(partitions: number): SpillPieces {
    const ends = new Uint32Array(partitions);
    for (const partition of this.#partitions) ends[partition] = (ends[partition] ?? 0) + 1;
    const next = new Uint32Array(partitions);
    for (let partition = 1; partition < partitions; partition += 1) {
      next[partition] = ends[partition - 1] ?? 0;
      ends[partition] = (ends[partition] ?? 0) + (ends[partition - 1] ?? 0);
    }
    const spans = new Float64Array(this.#spans.length);
    this.#partitions.forEach((partition, piece) => {
      const to = next[partition] ?? 0;
      next[partition] = to + 1;
      for (let at = 0; at < SPAN_NUMBERS; at += 1)
        spans[SPAN_NUMBERS * to + at] = this.#spans[SPAN_NUMBERS * piece + at] ?? 0;
    });
    return { places: this.#places, spans, ends };
  }
}

/** The pieces that all spills have of one partition; no places but theirs. */
export function piecesOf(spills: readonly SpillPieces[], partition: number): Pieces {
  const places: Place[] = [];
  const spans: number[] = [];
  for (const spill of spills) {
    const known = new Map<number, number>();
    const begin = partition === 0 ? 0 : (spill.ends[partition - 1] ?? 0);
    const end = spill.ends[partition] ?? 0;
    for (let at = SPAN_NUMBERS * begin; at < SPAN_NUMBERS * end; at += SPAN_NUMBERS) {
      const [own = 0, offset = 0, length = 0] = spill.spans.subarray(at, at + SPAN_NUMBERS);
      const place = known.get(own) ?? places.push(spill.places[own] ?? "") - 1;
      known.set(own, place);
      spans.push(place, offset, length);
    }
  }
  return { places, spans: Float64Array.from(spans) };
}
