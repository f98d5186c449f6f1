import type { ChunkRecord } from "../integrity/chunks.ts";
import type { CandidateIndex, ModuleIndex } from "./candidate-index.ts";
import { DigestCursor, type EntityPlace } from "./digest-cursor.ts";

/** One entity that two candidates do not have in common; `after` is missing where it was removed. */
export interface EntityDifference {
  readonly id: string;
  readonly before: EntityPlace | undefined;
  readonly after: EntityPlace | undefined;
}

/** A module of a candidate; undefined stands for a module that the candidate does not have. */
export interface Side {
  readonly candidate: CandidateIndex;
  readonly module: ModuleIndex | undefined;
}

const LONG_RUN = 4;

/**
 * The entities in which a module differs, ascending by id; undefined between two chunks, so that the caller can look
 * about. Opens only chunks that the other side does not have: a chunk in both holds the same ids and digests, so the
 * entities of all other chunks can be merged without it.
 */
export function* compareEntities(name: string, a: Side, b: Side): Generator<EntityDifference | undefined> {
  const [inA, inB] = [digestsOf(a), digestsOf(b)];
  const before = new DigestCursor(
    a.candidate,
    name,
    chunksOf(a).filter(({ entities }) => !inB.has(entities.sha256)),
  );
  const after = new DigestCursor(
    b.candidate,
    name,
    chunksOf(b).filter(({ entities }) => !inA.has(entities.sha256)),
  );
  try {
    yield* merge(before, after);
  } finally {
    before.close();
    after.close();
  }
}

function* merge(before: DigestCursor, after: DigestCursor): Generator<EntityDifference | undefined> {
  let sinceDifference = 0;
  while (!before.done || !after.done) {
    // A long run without a difference is likely to go on.
    const common = sinceDifference < LONG_RUN || before.done || after.done ? 0 : before.commonLines(after);
    const order = common > 0 ? 0 : before.done ? 1 : after.done ? -1 : before.compareLine(after);
    const isSameId = order !== 0 && !before.done && !after.done && before.compareId(after) === 0;
    sinceDifference = order === 0 ? sinceDifference + 1 : 0;
    if (order !== 0) {
      const left = isSameId || order < 0 ? before.place : undefined;
      const right = isSameId || order > 0 ? after.place : undefined;
      yield { id: (left ?? right)?.id ?? "", before: left, after: right };
    }
    const steps = Math.max(1, common);
    const steppedBefore = (isSameId || order <= 0) && before.advance(steps);
    const steppedAfter = (isSameId || order >= 0) && after.advance(steps);
    if (steppedBefore || steppedAfter) yield undefined;
  }
}

function chunksOf(side: Side): readonly ChunkRecord[] {
  return side.module?.chunks ?? [];
}

function digestsOf(side: Side): ReadonlySet<string> {
  return new Set(chunksOf(side).map(({ entities }) => entities.sha256));
}
