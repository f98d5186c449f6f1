/** Typing errors that a word may have and still be meant. */
const MOST_ERRORS = 3;

/** The one of `words` that was most likely meant; undefined where none is near. */
export function nearestWord(typed: string, words: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.min(MOST_ERRORS, Math.floor(typed.length / 2)) + 1;
  for (const word of words) {
    const errors = distance(typed.toUpperCase(), word.toUpperCase());
    if (errors >= least) continue;
    best = word;
    least = errors;
  }
  return best;
}

/** Letters to put in, take out or change until one text is the other (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let left = 1; left <= a.length; left += 1) {
    const next = [left];
    for (let right = 1; right <= b.length; right += 1) {
      const changed = (row[right - 1] ?? 0) + (a[left - 1] === b[right - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[right] ?? 0) + 1, (next[right - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
