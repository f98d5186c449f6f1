import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FindingPlace } from "../../tools/migration/model/finding.ts";
import type { FindingCode } from "../../tools/migration/model/finding-codes.ts";
import type { VerdictCommand } from "./operations.ts";
import { type Layer, linesOf, rehash } from "./rehash.ts";
import { candidateOf } from "./shop.ts";
import { sortedJson } from "./sorted-json.ts";

/** One fault put into a sound shop, and what a command must say of it. */
export interface Fault {
  readonly code: FindingCode;
  /** What was done, as the end of a sentence. */
  readonly name: string;
  readonly command: VerdictCommand;
  readonly damage: (root: string) => void | Promise<void>;
  /** What happens before bytes that look wrong are read once more; `place` is theirs. */
  readonly onMismatch?: (root: string, place: FindingPlace) => void;
  readonly expected: FindingPlace;
  /** Codes that the same damage cannot but cause. */
  readonly also?: readonly FindingCode[];
  /** What `verify-checksums` finds of it: by default the code itself where it is about what is hashed. */
  readonly verifyFinds?: FindingCode | "nothing";
  /** True where every digest holds, so that the independent verifier must accept the damaged candidate. */
  readonly consistent?: boolean;
}

/** Rewrites the lines (LFs included) of a file of the candidate, then every digest from layer `from` upwards. */
export function editLines(
  root: string,
  file: string,
  change: (lines: Buffer[]) => readonly (Buffer | string)[],
  from?: Layer,
): void {
  const path = join(candidateOf(root), file);
  writeFileSync(path, Buffer.concat(change(linesOf(path)).map((line) => Buffer.from(line))));
  if (from !== undefined) rehash(candidateOf(root), from);
}

/** Rewrites one line of data, given as one character per byte, and every digest above it. */
export function editText(root: string, module: string, index: number, change: (bytes: string) => string): void {
  const edited = (line: Buffer): Buffer => Buffer.from(change(line.toString("latin1")), "latin1");
  editLines(
    root,
    `${module}/data.jsonl`,
    (lines) => lines.map((line, at) => (at === index ? edited(line) : line)),
    "entities",
  );
}

/** Changes one entity and every digest above it. */
export function editEntity(root: string, module: string, id: string, changes: object): void {
  const edited = (line: Buffer): Buffer => {
    const entity: { id: string } = JSON.parse(line.toString("utf8"));
    return entity.id === id ? Buffer.from(`${sortedJson({ ...entity, ...changes })}\n`) : line;
  };
  editLines(root, `${module}/data.jsonl`, (lines) => lines.map(edited), "entities");
}

/** The text of a file of the candidate with the hex digit behind `marker` changed to another. */
export function flipHex(root: string, file: string, marker: string): void {
  const path = join(candidateOf(root), file);
  const text = readFileSync(path, "utf8");
  const at = text.indexOf(marker) + marker.length;
  writeFileSync(path, text.slice(0, at) + (text[at] === "0" ? "1" : "0") + text.slice(at + 1));
}
