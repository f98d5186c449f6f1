import { MATCHER_BYTES, MatcherRoom } from "../compiled/matcher-room.ts";
import { createLanes, type Lanes } from "../integrity/lanes/lanes.ts";
import { digestRoom, LineDigests } from "./line-digests.ts";
import { BATCH_BYTES, BATCH_LEAVES, TreeBatch } from "./tree-batch.ts";

/** Bytes of a block of data: with the rest it stays in the cache of a core. */
const BLOCK_BYTES = 512 * 1024;
/** Bytes that the lanes may read behind a block. */
const BEYOND_BYTES = 128;
const ID_BYTES = (BATCH_LEAVES + 1) * 16;

/** Memory in which ranges are proved, with all that works on it. */
export interface ProofRoom {
  readonly lanes: Lanes;
  readonly batch: TreeBatch;
  readonly digests: LineDigests;
  /** The words of the ids of the lines in `batch`, behind those of the id before them. */
  readonly ids: Uint32Array;
  /** For the lines of data.jsonl. */
  readonly block: Buffer;
  /** For matchers of these lines. */
  readonly matchers: MatcherRoom;
}

let room: ProofRoom | undefined;

/** The room of this thread, for one range at a time; made when it is first used: the main thread of a large scan never needs it. */
export function proofRoom(): ProofRoom {
  room ??= createRoom();
  return room;
}

function createRoom(): ProofRoom {
  const digestBytes = digestRoom(BATCH_LEAVES);
  const lanes = createLanes(ID_BYTES + digestBytes + BATCH_BYTES + BLOCK_BYTES + BEYOND_BYTES + MATCHER_BYTES);
  const ids = new Uint32Array(lanes.memory, lanes.free, ID_BYTES / 4);
  const digestsAt = lanes.free + ID_BYTES;
  const digests = new LineDigests(lanes, digestsAt, BATCH_LEAVES);
  const batchAt = digestsAt + digestBytes;
  const batch = new TreeBatch(lanes, batchAt);
  const block = Buffer.from(lanes.memory, batchAt + BATCH_BYTES, BLOCK_BYTES);
  const matchers = new MatcherRoom(lanes.shared, batchAt + BATCH_BYTES + BLOCK_BYTES + BEYOND_BYTES);
  return { lanes, batch, digests, ids, block, matchers };
}
