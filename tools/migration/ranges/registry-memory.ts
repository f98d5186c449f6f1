import { KEY_BYTES } from "../integrity/lanes/key-lanes.ts";
import { createSharedMemory, type SharedMemory } from "../integrity/wasm/wasm-memory.ts";

/** A registry that every thread can read: legacy ids in order, their UUIDs, and a hash table of positions. */
export interface SharedRegistryData {
  readonly module: string;
  readonly size: number;
  /** Most bytes that the legacy ids take. */
  readonly textBytes: number;
  /** Of this registry alone, or of several. */
  readonly memory: SharedMemory;
  /** Address of what belongs to this registry. */
  readonly at: number;
  /** Threads that may look legacy ids up at the same time. */
  readonly threads: number;
}

/** What a registry is made for. */
export type RegistrySize = Pick<SharedRegistryData, "module" | "size" | "textBytes">;

/** Keys that are looked up together; a longer one is looked up alone. */
export const MOST_KEYS = 32;
export const MOST_KEY_BYTES = 128;
const AREA_BYTES = MOST_KEYS * (KEY_BYTES + MOST_KEY_BYTES);
/** Bytes behind a text that may be read. */
const BEYOND_BYTES = 16;
const [UUID_BYTES, WORD_BYTES] = [16, 4];
const MOST_BYTES = 2 ** 32;

/** What is in the memory of a registry. */
export interface RegistryPlaces {
  /** Four 32-bit words per UUID. */
  readonly words: Uint32Array;
  /** Where each legacy id begins in `text`, and where the last ends. */
  readonly offsets: Uint32Array;
  /**
   * Position + 1 by hash of the legacy id, 0 for a free slot; a power of two of them. The bits that no position needs hold
   * some of the hash, so that another entry is seldom looked at.
   */
  readonly slots: Int32Array;
  /** The bits of a slot that hold a position. */
  readonly positions: number;
  /** The legacy ids as UTF-8, one after the other. */
  readonly text: Buffer;
}

/** Room for registries of these sizes, of which only what is written to takes memory; undefined where there cannot be so much. */
export function allocateRegistries(
  sizes: readonly RegistrySize[],
  threads: number,
): readonly SharedRegistryData[] | undefined {
  const begins: number[] = [];
  let end = 0;
  for (const { size, textBytes } of sizes) {
    if (textBytes < 0) return undefined;
    begins.push(end);
    end += bytesFor(size, textBytes, threads);
  }
  const memory = end > MOST_BYTES ? undefined : createSharedMemory(end);
  return memory && sizes.map((one, at) => ({ ...one, memory, at: begins[at] ?? 0, threads }));
}

export function placesOfRegistry({ size, textBytes, memory: { buffer }, at }: SharedRegistryData): RegistryPlaces {
  const offsetsAt = at + UUID_BYTES * size;
  const slotsAt = offsetsAt + WORD_BYTES * (size + 1);
  const textAt = slotsAt + WORD_BYTES * slotsFor(size);
  return {
    words: new Uint32Array(buffer, at, 4 * size),
    offsets: new Uint32Array(buffer, offsetsAt, size + 1),
    slots: new Int32Array(buffer, slotsAt, slotsFor(size)),
    positions: 2 ** Math.ceil(Math.log2(size + 2)) - 1,
    text: Buffer.from(buffer, textAt, textBytes),
  };
}

/** Address of the area of a thread: MOST_KEYS keys, and then their bytes. */
export function areaOfRegistry({ size, textBytes, at, threads }: SharedRegistryData, thread: number): number {
  if (thread >= threads) throw new RangeError(`no area for thread ${thread} of ${threads}`);
  return at + ownBytes(size, textBytes) + AREA_BYTES * thread;
}

/** Bytes of shared memory that a registry takes. */
export function bytesOfRegistry({ size, textBytes, threads }: SharedRegistryData): number {
  return bytesFor(size, textBytes, threads);
}

function bytesFor(size: number, textBytes: number, threads: number): number {
  return ownBytes(size, textBytes) + AREA_BYTES * threads;
}

function ownBytes(size: number, textBytes: number): number {
  const bytes = UUID_BYTES * size + WORD_BYTES * (size + 1 + slotsFor(size)) + textBytes + BEYOND_BYTES;
  return Math.ceil(bytes / UUID_BYTES) * UUID_BYTES;
}

function slotsFor(size: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(8, size * 1.5)));
}
