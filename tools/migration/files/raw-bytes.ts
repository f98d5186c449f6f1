import { closeSync, openSync, readSync } from "node:fs";
import { guardRead } from "./guard-read.ts";

const BLOCK_BYTES = 512 * 1024;

/** Reads bytes `[offset, offset + length)` of a file in order; `take` gets a block that is reused. */
export function readRaw(
  path: string,
  name: string,
  range: { readonly offset: number; readonly length: number },
  take: (bytes: Buffer, length: number) => void,
): void {
  const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, range.length));
  guardRead(name, () => {
    const descriptor = openSync(path, "r");
    try {
      for (let done = 0; done < range.length; ) {
        const want = Math.min(BLOCK_BYTES, range.length - done);
        const got = readSync(descriptor, block, 0, want, range.offset + done);
        if (got === 0) return;
        take(block, got);
        done += got;
      }
    } finally {
      closeSync(descriptor);
    }
  });
}
