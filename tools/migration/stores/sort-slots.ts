/** Byte strings one behind the other: string `slot` is `bytes[begins[slot], begins[slot + 1])`. */
export interface Slots {
  readonly bytes: Buffer;
  readonly begins: Uint32Array;
  readonly count: number;
}

/** Most strings that can be sorted at once: the number of one has to fit into a double beside four of its bytes. */
export const MOST_SLOTS = 2 ** 21;
/** Groups that are compared one with the other; larger ones are told apart by their next four bytes. */
const FEW = 24;
/** Bytes looked at in groups; beyond them strings are compared whole. */
const DEEPEST = 256;

/**
 * The slots in ascending order of their bytes. Four bytes and the slot are one number of 53 bits, which typed arrays sort
 * without a call for each comparison.
 */
export function sortSlots(slots: Slots): Uint32Array {
  const order = Uint32Array.from({ length: slots.count }, (_, slot) => slot);
  sortGroup(slots, order, 0);
  return order;
}

/** Sorts slots whose first `depth` bytes are equal. */
function sortGroup(slots: Slots, group: Uint32Array, depth: number): void {
  if (group.length < 2) return;
  if (group.length <= FEW || depth >= DEEPEST) {
    group.sort((left, right) => compareSlots(slots, left, right));
    return;
  }
  const keys = new Float64Array(group.length);
  for (let at = 0; at < group.length; at += 1) keys[at] = keyAt(slots, group[at] ?? 0, depth);
  keys.sort();
  let begin = 0;
  for (let at = 0; at < keys.length; at += 1) {
    group[at] = (keys[at] ?? 0) % MOST_SLOTS;
    const next = keys[at + 1];
    if (next !== undefined && Math.floor(next / MOST_SLOTS) === Math.floor((keys[at] ?? 0) / MOST_SLOTS)) continue;
    sortTies(slots, group.subarray(begin, at + 1), depth);
    begin = at + 1;
  }
}

function sortTies(slots: Slots, group: Uint32Array, depth: number): void {
  // Strings that end here were padded with zeros; no deeper look tells them from others that have such bytes.
  const isEnd = group.length > FEW && group.some((slot) => lengthOf(slots, slot) < depth + 4);
  sortGroup(slots, group, isEnd ? DEEPEST : depth + 4);
}

function keyAt({ bytes, begins }: Slots, slot: number, depth: number): number {
  const begin = (begins[slot] ?? 0) + depth;
  const end = begins[slot + 1] ?? 0;
  let prefix = 0;
  for (let at = begin; at < begin + 4; at += 1) prefix = prefix * 256 + (at < end ? (bytes[at] ?? 0) : 0);
  return prefix * MOST_SLOTS + slot;
}

function compareSlots({ bytes, begins }: Slots, left: number, right: number): number {
  return bytes.compare(bytes, begins[right], begins[right + 1], begins[left], begins[left + 1]);
}

function lengthOf({ begins }: Slots, slot: number): number {
  return (begins[slot + 1] ?? 0) - (begins[slot] ?? 0);
}
