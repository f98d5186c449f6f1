import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { copyText } from "../compiled/byte-copy.ts";
import { guardRead } from "../files/guard-read.ts";
import { RangeBlocks } from "./range-blocks.ts";

const [LF, COMMA, BRACE] = [0x0a, 0x2c, 0x7b];

/**
 * SHA-256 over one JCS line and LF per entry of a registry in its committed form (FORMATS.md, section 5). The form is not
 * checked here: `passRegistry` does that over the same bytes.
 */
export function digestRegistry(path: string, file: string, checkCancelled: () => void): string {
  const hash = new EntriesHash();
  const blocks = new RangeBlocks(path, file, { offset: 0, length: guardRead(file, () => statSync(path).size) });
  try {
    while (blocks.next()) {
      checkCancelled();
      hash.update(blocks.bytes, blocks.begin, blocks.end);
    }
    return hash.digest();
  } finally {
    blocks.close();
  }
}

/** The digest of the entries in blocks of whole lines. */
export class EntriesHash {
  readonly #hash = createHash("sha256");
  #lines = new DataView(new ArrayBuffer(0));

  update(bytes: Buffer, begin: number, end: number): void {
    if (this.#lines.byteLength < end - begin) this.#lines = new DataView(new ArrayBuffer(bytes.length));
    this.#hash.update(new Uint8Array(this.#lines.buffer, 0, copyEntries(bytes, begin, end, this.#lines)));
  }

  /** As hex; nothing can be added afterwards. */
  digest(): string {
    return this.#hash.digest("hex");
  }
}

/** Copies the entries of a block without the commas behind them; how many bytes they take. */
function copyEntries(bytes: Buffer, begin: number, end: number, lines: DataView): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let filled = 0;
  for (let at = begin; at < end; ) {
    const lf = bytes.indexOf(LF, at);
    if (bytes[at] === BRACE) {
      filled = copyText(view, at, bytes[lf - 1] === COMMA ? lf - 1 : lf, lines, filled);
      lines.setUint8(filled, LF);
      filled += 1;
    }
    at = lf + 1;
  }
  return filled;
}
