import { sha256Hex } from "../integrity/digest.ts";
import { type RunRecord, runLine } from "../integrity/run-file.ts";
import { CHECKSUMS_NAME, MERKLE_NAME, RUN_NAME } from "../stores/module-files.ts";

/** The files that a verdict is about, by digest (FORMATS.md, section 7): run.json and each merkle.json. */
export function subjects(run: RunRecord): Record<string, string> {
  const files: Record<string, string> = { [`${CHECKSUMS_NAME}/${RUN_NAME}`]: sha256Hex(runLine(run)) };
  for (const module of run.modules) files[`${module.name}/${CHECKSUMS_NAME}/${MERKLE_NAME}`] = module.merkleSha256;
  return files;
}
