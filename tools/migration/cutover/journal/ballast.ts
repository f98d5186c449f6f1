import { closeSync, fsyncSync, openSync, rmSync, statSync } from "node:fs";
import { systemCode } from "../../model/errors.ts";
import { writeFully } from "../../stores/atomic-file.ts";

/** Room for some hundred records, to be able to say that the disk is full. */
export const BALLAST_BYTES = 256 * 1024;

/** Sets room aside in `path`; false where there is not that much. */
export function layBallast(path: string, sizeBytes: number): boolean {
  if (sizeOf(path) === sizeBytes) return true;
  let fd: number | undefined;
  try {
    fd = openSync(path, "w", 0o600);
    // Zeros could be a hole, and some file systems pack what repeats.
    writeFully(fd, noise(sizeBytes));
    fsyncSync(fd);
    return true;
  } catch {
    rmSync(path, { force: true });
    return false;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Gives the room back; true where there was any. */
export function freeBallast(path: string): boolean {
  const had = sizeOf(path) > 0;
  rmSync(path, { force: true });
  return had;
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return -1;
    throw error;
  }
}

/** Bytes that do not pack, the same each time (a linear congruential generator). */
function noise(sizeBytes: number): Buffer {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4));
  let state = 1;
  for (let at = 0; at < words.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[at] = state;
  }
  return Buffer.from(words.buffer, 0, sizeBytes);
}
