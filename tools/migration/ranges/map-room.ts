import { MATCHER_BYTES, MatcherRoom } from "../compiled/matcher-room.ts";
import { CELLS_END_BYTES } from "../integrity/lanes/cell-lanes.ts";
import { createLanes, type Lanes } from "../integrity/lanes/lanes.ts";

/** For the lines of a spill: 512 partitions get 16 KiB each. */
export const REGIONS_BYTES = 8 * 1024 * 1024;
/** For a page of rows as JSON, which is about 512 KiB; a larger one is read another way. */
const PAGE_BYTES = 4 * 1024 * 1024;
/** UUIDs that a row may have: its own, and those that it refers to. */
export const MOST_UUIDS = 64;
/** For what is found in some of these rows. */
const FOUND_BYTES = 512 * 1024;

/** Memory of a thread in which rows are read and lines are written and matched; only what is written to becomes resident. */
export interface MapRoom {
  readonly lanes: Lanes;
  readonly matchers: MatcherRoom;
  /** REGIONS_BYTES for lines, of one sink at a time. */
  readonly lines: Buffer;
  /** For a page of rows and LFs behind it. */
  readonly page: Buffer;
  /** Address of FOUND_BYTES for the cells of rows, of one page at a time. */
  readonly found: number;
  /** Four words of each of the MOST_UUIDS of a row. */
  readonly uuids: Uint32Array;
}

let room: MapRoom | undefined;

/** The room of this thread. */
export function mapRoom(): MapRoom {
  room ??= createRoom();
  return room;
}

function createRoom(): MapRoom {
  const lanes = createLanes(
    16 * MOST_UUIDS + FOUND_BYTES + REGIONS_BYTES + PAGE_BYTES + CELLS_END_BYTES + MATCHER_BYTES,
  );
  const uuids = new Uint32Array(lanes.memory, Math.ceil(lanes.free / 16) * 16, 4 * MOST_UUIDS);
  const found = uuids.byteOffset + uuids.byteLength;
  const linesAt = found + FOUND_BYTES;
  const pageAt = linesAt + REGIONS_BYTES;
  const lines = Buffer.from(lanes.memory, linesAt, REGIONS_BYTES);
  const page = Buffer.from(lanes.memory, pageAt, PAGE_BYTES + CELLS_END_BYTES);
  return { lanes, matchers: new MatcherRoom(lanes.shared, pageAt + page.length), lines, page, found, uuids };
}

/** Most cells in `rows` rows of which the room can tell what they are. */
export function mostCells(rows: number): number {
  const [kind, place] = [1, 4];
  return Math.floor((FOUND_BYTES - 2 * place * rows) / (kind + 2 * place)) - place;
}
