import { compareWords } from "./uuid-bytes.ts";

/** True where no two of the ascending id lists have an id in common. */
export function areDisjoint(lists: readonly Uint32Array[]): boolean {
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
