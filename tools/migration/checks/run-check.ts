import { isUtf8 } from "node:buffer";
import { parseRun, type RunRecord, runRoot } from "../integrity/run-file.ts";
import { type FindingSink, finding } from "../model/finding.ts";
import { CHECKSUMS_NAME, RUN_NAME } from "../stores/module-files.ts";
import { readSmallFile } from "./candidate-files.ts";
import type { MerkleFile } from "./merkle-check.ts";

const FILE = `${CHECKSUMS_NAME}/${RUN_NAME}`;

/** Reads run.json; undefined where it is missing (the layout check says so) or not of our format. */
export function readRun(input: string, sink: FindingSink): RunRecord | undefined {
  const bytes = readSmallFile(input, FILE);
  if (bytes === undefined) return undefined;
  const record = isUtf8(bytes) ? parseRun(bytes.toString("utf8")) : undefined;
  if (bytes.at(-1) !== 0x0a) sink(finding("FILE_TORN", { file: FILE }));
  else if (record === undefined) sink(finding("RUN_MALFORMED", { file: FILE }));
  return record;
}

/** Recomputes the run root and compares it with the recorded one. */
export function checkRunRoot(run: RunRecord, sink: FindingSink): void {
  const got = runRoot(run.inputs, run.modules);
  if (got !== run.root) sink(finding("RUN_ROOT", { file: FILE, field: "root", expected: run.root, got }));
}

/** Compares the record of one module in run.json with the module's merkle.json, and its ledger. */
export function checkRunModule(
  run: RunRecord,
  module: string,
  merkle: MerkleFile | undefined,
  sink: FindingSink,
): void {
  const recorded = run.modules.find((entry) => entry.name === module);
  if (recorded === undefined) return;
  const place = { module, file: FILE };
  if (recorded.read !== recorded.size) {
    const expected = `${recorded.read} entities, one per record read`;
    sink(finding("RUN_LEDGER", { ...place, field: "read", expected, got: String(recorded.size) }));
  }
  if (merkle === undefined) return;
  const pairs = [
    ["merkleSha256", merkle.sha256, recorded.merkleSha256],
    ["root", merkle.record?.root, recorded.root],
    ["size", merkle.record?.size, recorded.size],
  ] as const;
  for (const [field, found, expected] of pairs) {
    if (found === undefined || found === expected) continue;
    sink(finding("RUN_MODULE", { ...place, field, expected: String(expected), got: String(found) }));
  }
}
