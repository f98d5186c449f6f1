import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256Hex } from "../../integrity/digest.ts";
import { toStoreError, writeFileAtomic } from "../../stores/atomic-file.ts";
import type { Mask } from "./mask.ts";
import type { OutputDigest } from "./record.ts";
import type { RunDirectory } from "./run-directory.ts";

/** Text of an output as expectations and documents see it: lossy UTF-8 of the masked bytes. */
export interface MaskedOutput {
  readonly digest: OutputDigest;
  readonly bytes: Buffer;
}

/**
 * Digest of an output file of a run (`file` relative to it). Where a secret is in it, a masked copy is written beside it
 * and that copy is what the digest is of; the raw file stays, 0600, and is named nowhere.
 */
export function digestOutput(run: RunDirectory, file: string, how: { mask: Mask; truncated: boolean }): MaskedOutput {
  try {
    const raw = readFileSync(join(run.path, file));
    const bytes = how.mask.bytes(raw);
    const masked = bytes !== raw;
    if (masked) writeFileAtomic(join(run.path, `${file}.masked`), bytes, { mode: 0o600 });
    const digest = {
      file: masked ? `${file}.masked` : file,
      sha256: sha256Hex(bytes),
      sizeBytes: bytes.length,
      truncated: how.truncated,
      masked,
    };
    return { digest, bytes };
  } catch (error) {
    throw toStoreError(error, `Reading ${file}`);
  }
}
