import type { WorkerOptions } from "node:worker_threads";

/** How work is shared out. The result never depends on it; tests use it to send small data all ways. */
export interface Tuning {
  /** True for the authority alone: one thread, and no fast path. */
  readonly sequential: boolean;
  /** Data below this size is worked on in the main thread: starting a worker takes as long as reading 16 MiB. */
  readonly smallBytes: number;
  /** Data of one task of a scan: small enough to share evenly and to bound the findings under way. */
  readonly rangeBytes: number;
  /** Bytes of a registry per task. */
  readonly spanBytes: number;
  readonly idsPerTask: number;
  readonly recordsPerTask: number;
  /** Lines that are sorted at a time. */
  readonly partitionBytes: number;
  /** Adjoining partitions that one worker writes: a chunk that lies in two tasks is hashed twice. */
  readonly partitionsPerTask: number;
  /** Lines that are kept in memory before others are spilled to the disk: enough for small data to need no file. */
  readonly lineMemoryBytes: number;
  /** Lines that the build in one thread sorts in memory. */
  readonly sortMemoryBytes: number;
  /** False only to measure what reading back costs. */
  readonly readBack: boolean;
  readonly threads: Pick<WorkerOptions, "resourceLimits" | "execArgv">;
}

const MIB = 1024 * 1024;

const DEFAULTS: Tuning = {
  sequential: false,
  smallBytes: 16 * MIB,
  rangeBytes: 8 * MIB,
  spanBytes: 4 * MIB,
  idsPerTask: 131_072,
  recordsPerTask: 32_768,
  partitionBytes: 4 * MIB,
  partitionsPerTask: 8,
  lineMemoryBytes: 8 * MIB,
  sortMemoryBytes: 256 * MIB,
  readBack: true,
  threads: {},
};

/** The tuning with what is not given as it is best. */
export function tuned(given: Partial<Tuning> = {}): Tuning {
  return { ...DEFAULTS, ...given };
}
