/** One of the sequences that are merged, at its first record not yet given. */
interface Head {
  readonly rest: Iterator<Buffer>;
  readonly source: number;
  record: Buffer;
}

/** A record of merged sequences, and the number of its sequence. */
export interface MergedRecord {
  /** A view until the next one. */
  readonly record: Buffer;
  readonly source: number;
}

/** Ascending sequences of byte records as one; equal records come in the order of their sequences. */
export function* mergeRecords(sequences: readonly Iterable<Buffer>[]): Generator<MergedRecord> {
  const heap: Head[] = [];
  for (const [source, sequence] of sequences.entries()) {
    const rest = sequence[Symbol.iterator]();
    const first = rest.next();
    if (first.done !== true) heap.push({ rest, source, record: first.value });
  }
  for (let at = Math.floor(heap.length / 2) - 1; at >= 0; at -= 1) sinkDown(heap, at);
  for (let top = heap[0]; top !== undefined; top = heap[0]) {
    yield top;
    const next = top.rest.next();
    if (next.done !== true) top.record = next.value;
    else {
      const last = heap.pop();
      // Popping the last head of a heap of one leaves nothing to put at the top.
      if (last === undefined || heap.length === 0) return;
      heap[0] = last;
    }
    sinkDown(heap, 0);
  }
}

function sinkDown(heap: Head[], from: number): void {
  let at = from;
  for (;;) {
    const left = 2 * at + 1;
    const child = isBefore(heap[left + 1], heap[left]) ? left + 1 : left;
    const [upper, lower] = [heap[at], heap[child]];
    if (upper === undefined || lower === undefined || !isBefore(lower, upper)) return;
    heap[at] = lower;
    heap[child] = upper;
    at = child;
  }
}

function isBefore(left: Head | undefined, right: Head | undefined): boolean {
  if (left === undefined || right === undefined) return false;
  return (left.record.compare(right.record) || left.source - right.source) < 0;
}
