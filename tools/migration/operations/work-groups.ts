/** So many groups each worker is left with, at least, when groups begin to get smaller. */
const LEFT_PER_WORKER = 2;

/**
 * Cuts work into groups of adjoining parts, of at most `most` each. With `workers` given it is the last there is: groups
 * then get smaller towards the end, so that all workers end at about the same time.
 */
export function groupsOf<T>(parts: readonly T[], most: number, workers?: number): T[][] {
  const groups: T[][] = [];
  for (let at = 0; at < parts.length; ) {
    const share = workers === undefined ? most : Math.ceil((parts.length - at) / (LEFT_PER_WORKER * workers));
    const end = at + Math.max(1, Math.min(most, share));
    groups.push(parts.slice(at, end));
    at = end;
  }
  return groups;
}
