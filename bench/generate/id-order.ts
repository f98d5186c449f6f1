import { uuidOf } from "./records.ts";

/**
 * Record indexes ascending by id, in 8 bytes a record: the first 32 bits of each id above its index, sorted as
 * 64-bit integers; the few that share these bits are put right afterwards.
 */
export function indexesById(count: number, legacyId: (index: number) => string, module: string): Uint32Array {
  const words = new Uint32Array(count * 2);
  const [low, high] = isLittleEndian() ? [0, 1] : [1, 0];
  for (let index = 0; index < count; index += 1) {
    words[index * 2 + low] = index;
    words[index * 2 + high] = Number.parseInt(uuidOf(module, legacyId(index)).slice(0, 8), 16);
  }
  new BigUint64Array(words.buffer).sort();
  const order = new Uint32Array(count);
  for (let at = 0; at < count; at += 1) {
    order[at] = words[at * 2 + low] ?? 0;
    if (at === 0 || words[at * 2 + high] !== words[at * 2 - 2 + high]) continue;
    settle(order, at, (index) => uuidOf(module, legacyId(index)));
  }
  return order;
}

/** Moves the element at `at` down to its place among those before it. */
function settle(order: Uint32Array, at: number, idOf: (index: number) => string): void {
  for (let here = at; here > 0; here -= 1) {
    const [before, after] = [order[here - 1] ?? 0, order[here] ?? 0];
    if (idOf(before) < idOf(after)) return;
    order[here - 1] = after;
    order[here] = before;
  }
}

function isLittleEndian(): boolean {
  return new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
}
