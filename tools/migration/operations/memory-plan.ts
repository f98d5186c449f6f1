import { MigrationError } from "../model/errors.ts";
import type { Tuning } from "./tuning.ts";

/** What a build takes in any case. */
export interface MemoryNeeds {
  /** Threads that work at a time. */
  readonly workers: number;
  /** Registries in shared memory, with the marks of their entries. */
  readonly registryBytes: number;
}

const MIB = 1024 * 1024;
/** The process with its code, and each thread with its own; measured with 0.1, 0.4 and 1 M entities on 1 and 2 threads. */
const PROCESS_BYTES = 120 * MIB;
const WORKER_BYTES = 50 * MIB;
/** A partition in memory: as it was spilled, what is told of its lines, and room to spare. */
const PARTITION_COPIES = 3;
const LEAST_PARTITION_BYTES = MIB;
const LEAST_SORT_BYTES = 16 * MIB;

/**
 * Shares `mostBytes` out: partitions become smaller where there is little, and lines that there is room for are not
 * spilled to the disk. USAGE where it is less than a build takes in any case.
 */
export function withMemory(tuning: Tuning, mostBytes: number, { workers, registryBytes }: MemoryNeeds): Tuning {
  const copies = PARTITION_COPIES * workers;
  const needed = PROCESS_BYTES + workers * WORKER_BYTES + registryBytes;
  const free = mostBytes - needed;
  if (free < copies * LEAST_PARTITION_BYTES)
    throw tooLittle(mostBytes, needed + copies * LEAST_PARTITION_BYTES, workers);
  const half = Math.floor(free / 2 / copies);
  const partitionBytes = Math.min(tuning.partitionBytes, Math.max(LEAST_PARTITION_BYTES, half));
  return { ...tuning, partitionBytes, lineMemoryBytes: free - copies * partitionBytes };
}

/** The same for a build in one thread, whose registries are objects; what it sorts in memory is all that can be chosen. */
export function withSortMemory(tuning: Tuning, mostBytes: number): Tuning {
  const half = Math.floor((mostBytes - PROCESS_BYTES) / 2);
  return { ...tuning, sortMemoryBytes: Math.min(tuning.sortMemoryBytes, Math.max(LEAST_SORT_BYTES, half)) };
}

function tooLittle(given: number, needed: number, workers: number): MigrationError {
  const threads = workers === 1 ? "1 worker" : `${workers} workers`;
  return new MigrationError("USAGE", {
    message: `--max-memory: expected at least ${mib(needed)} MiB for these registries and ${threads}, got ${mib(given)} MiB.`,
    remedy: workers === 1 ? "Allow more memory." : "Allow more memory, or fewer --workers.",
  });
}

function mib(bytes: number): number {
  return Math.ceil(bytes / MIB);
}
