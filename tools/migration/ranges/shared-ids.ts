import { IdIndex, type SharedIds } from "./id-index.ts";
import { compareWords } from "./uuid-bytes.ts";

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
  const at = lists.map(() => 0);
  for (;;) {
    let least = -1;
    for (let list = 0; list < lists.length; list += 1) {
      const words = lists[list];
      if (words === undefined || (at[list] ?? 0) >= words.length) continue;
      const other = lists[least];
      const order = other === undefined ? -1 : compareWords(words, at[list] ?? 0, other, at[least] ?? 0);
      if (order === 0) return false;
      if (order < 0) least = list;
    }
    if (least < 0) return true;
    at[least] = (at[least] ?? 0) + 4;
  }
}
