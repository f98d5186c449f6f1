import { createLanes, type Sha256Lanes } from "../integrity/lanes/sha256-lanes.ts";
import { digestRoom, LineDigests } from "./line-digests.ts";
import { BATCH_BYTES, BATCH_LEAVES, TreeBatch } from "./tree-batch.ts";

/** Bytes of a block of data: with the rest it stays in the cache of a core. */
const BLOCK_BYTES = 512 * 1024;
/** Bytes that the lanes may read behind a block. */
const BEYOND_BYTES = 128;

/** Memory in which ranges are proved, with all that works on it. */
export interface ProofRoom {
  readonly lanes: Sha256Lanes;
  readonly batch: TreeBatch;
  readonly digests: LineDigests;
  /** For the lines of data.jsonl. */
  readonly block: Buffer;
}

let room: ProofRoom | undefined;

/** The room of this thread, for one range at a time; made when it is first used: the main thread of a large scan never needs it. */
export function proofRoom(): ProofRoom {
  room ??= createRoom();
  return room;
}

function createRoom(): ProofRoom {
  const digestBytes = digestRoom(BATCH_LEAVES);
  const lanes = createLanes(digestBytes + BATCH_BYTES + BLOCK_BYTES + BEYOND_BYTES);
  const digests = new LineDigests(lanes, lanes.free, BATCH_LEAVES);
  const batch = new TreeBatch(lanes, lanes.free + digestBytes);
  const block = Buffer.from(lanes.memory, lanes.free + digestBytes + BATCH_BYTES, BLOCK_BYTES);
  return { lanes, batch, digests, block };
}
