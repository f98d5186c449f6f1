/**
 * Arguments of `openssl speed` for SHA-256 over messages of `bytes`, `processes` at once, machine-readable, by the wall
 * clock as everything else: without `-elapsed` one process counts its CPU time, several the wall clock.
 */
export function opensslArgs(bytes: number, processes: number): readonly string[] {
  const multi = processes > 1 ? ["-multi", String(processes)] : [];
  return ["speed", "-elapsed", "-seconds", "1", ...multi, "-bytes", String(bytes), "-mr", "sha256"];
}

/** Bytes per second of all processes together, out of what it printed; undefined where it is no such text. */
export function opensslRate(stdout: string): number | undefined {
  const rate = /^\+F:\d+:sha256:([0-9.]+)$/m.exec(stdout)?.[1];
  return rate === undefined ? undefined : Number(rate);
}

/** Rates in bytes per second on one core, and of all cores for long messages. */
export interface HashRates {
  readonly line: number;
  readonly leaf: number;
  readonly node: number;
  readonly bulk: number;
}

/** Bytes of the hashed texts of a leaf and of a node, prefix included. */
export const LEAF_BYTES = 122;
export const NODE_BYTES = 65;
/** Bytes of the messages that stand for reading in large pieces. */
export const BULK_BYTES = 1024 * 1024;

/** What is hashed when a candidate is verified. */
export interface HashWork {
  readonly entities: number;
  /** Mean length of a line of data.jsonl, without LF. */
  readonly lineBytes: number;
  /** Bytes of data.jsonl and entities.jsonl together. */
  readonly fileBytes: number;
}

/** Seconds that hashing alone takes: each line, leaf and node once, and the bytes of both files once more in chunks. */
export function hashFloor(work: HashWork, rates: HashRates, cores: number): number {
  const each = work.lineBytes / rates.line + LEAF_BYTES / rates.leaf + NODE_BYTES / rates.node;
  return (work.entities * each) / cores + work.fileBytes / rates.bulk;
}
