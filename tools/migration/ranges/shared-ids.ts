import { compareWords } from "../integrity/uuid-words.ts";
import { IdIndex } from "./id-index.ts";
import type { SharedIds } from "./shared-id-memory.ts";

/** The ids of all modules whose first word is in a part of all first words. */
export interface SortedSlice {
  readonly lists: readonly SharedIds[];
  readonly part: number;
  readonly parts: number;
}

/** True where no two modules have an id of the slice in common. */
export function isDisjointSlice({ lists, part, parts }: SortedSlice): boolean {
  const step = 2 ** 32 / parts;
  return areDisjoint(lists.map((ids) => new IdIndex(ids).between(part * step, (part + 1) * step)));
}

/** The same of ascending id lists, four words each. */
function areDisjoint(lists: readonly Uint32Array[]): boolean {
  return lists.every((list, at) => lists.slice(at + 1).every((other) => areApart(list, other)));
}

/** True where two ascending lists have no id in common; nearly always the first words tell. */
function areApart(a: Uint32Array, b: Uint32Array): boolean {
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const left = a[i] ?? 0;
    const right = b[j] ?? 0;
    const order = left === right ? compareWords(a, i, b, j) : left - right;
    if (order === 0) return false;
    if (order < 0) i += 4;
    else j += 4;
  }
  return true;
}
