import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { linesOf, rehash, sha256 } from "./rehash.ts";
import { sortedJson } from "./sorted-json.ts";

/** Entities of a module by UUID. */
export type TinyModule = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** How a module is written: its entities, and after how many of them each chunk but the last ends. */
export interface TinyPart {
  readonly entities: TinyModule;
  readonly cuts?: readonly number[];
}

/** Writes a candidate of a few entities whose digests all hold; chunks may end wherever a test wants them to. */
export function writeTinyCandidate(path: string, modules: Readonly<Record<string, TinyPart>>): string {
  const names = Object.keys(modules).sort();
  mkdirSync(join(path, "checksums"), { recursive: true });
  const digest = "0".repeat(64);
  const run = {
    format: "candor-run/1",
    inputs: { config: digest, modules: {}, registries: {}, source: { kind: "module" } },
    modules: names.map((name) => ({ merkleSha256: digest, name, read: 0, root: digest, size: 0 })),
    root: digest,
    runId: "run-test",
  };
  writeFileSync(join(path, "checksums/run.json"), sortedJson(run));
  for (const name of names) {
    mkdirSync(join(path, name, "checksums"), { recursive: true });
    const lines = [...(modules[name]?.entities ?? [])]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, fields]) => `${sortedJson({ ...fields, id })}\n`);
    writeFileSync(join(path, name, "data.jsonl"), lines.join(""));
  }
  rehash(path, "entities");
  for (const name of names) cutChunks(join(path, name), modules[name]?.cuts ?? []);
  rehash(path, "merkle");
  return path;
}

function cutChunks(module: string, cuts: readonly number[]): void {
  const data = linesOf(join(module, "data.jsonl"));
  const entities = linesOf(join(module, "checksums/entities.jsonl"));
  const ends = [...new Set([...cuts.filter((cut) => cut > 0 && cut < data.length), data.length])].sort((a, b) => a - b);
  const records: string[] = [];
  let [first, offset] = [0, 0];
  for (const end of data.length === 0 ? [] : ends) {
    const [bytes, lines] = [Buffer.concat(data.slice(first, end)), Buffer.concat(entities.slice(first, end))];
    const id = (at: number): string => lines.toString("latin1", at * 122 + 7, at * 122 + 43);
    const record = {
      count: end - first,
      data: { bytes: bytes.length, offset, sha256: sha256(bytes) },
      entities: { bytes: lines.length, offset: first * 122, sha256: sha256(lines) },
      first: id(0),
      index: first,
      last: id(end - first - 1),
    };
    records.push(`${sortedJson(record)}\n`);
    offset += bytes.length;
    first = end;
  }
  writeFileSync(join(module, "checksums/chunks.jsonl"), records.join(""));
}

/** The lines of a file as parsed JSON. */
// biome-ignore lint/suspicious/noExplicitAny: what a test reads is judged by its assertions
export function readLines(path: string): any[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}
