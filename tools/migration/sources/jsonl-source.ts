import { closeSync, openSync, statSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../model/errors.ts";
import { stampOf } from "./file-stamp.ts";
import { readCollection } from "./read-collection.ts";
import type { Source } from "./source.ts";
import { changed, doesNotExist, lacks } from "./source-errors.ts";
import type { JsonlRange } from "./source-range.ts";

/** Opens a folder in which the collection `x` is the file `x.jsonl`, one JSON object per line. */
export async function openJsonlSource(path: string, label: string, collections: readonly string[]): Promise<Source> {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw doesNotExist(`${label} (a folder)`);
  const problems = collections.flatMap((name) => findProblem(path, label, name));
  if (problems.length > 0) {
    throw lacks(problems, `Add the files to ${label}, or correct \`source.collection\` in module.json.`);
  }
  const files = collections.map((name) => join(path, `${name}.jsonl`));
  const stamp = stampOf(files);
  const ranges = async (collection: string, parts: number) => cut(path, label, { collection, parts });
  return {
    kind: "jsonl",
    mainThreadOnly: false,
    ranges,
    read: (collection) => readCollection(ranges(collection, 1)),
    assertUnchanged: async () => {
      if (stampOf(files) !== stamp) throw changed(label);
    },
    close: async () => {},
  };
}

function findProblem(path: string, label: string, name: string): string[] {
  const expected = `${label}/${name}.jsonl: expected a file that can be read, got`;
  if (/[/\\\0]/.test(name)) return [`${JSON.stringify(name)}: expected a name without slashes, got one with a slash`];
  const file = join(path, `${name}.jsonl`);
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return [`${expected} no such file`];
  if (!stat.isFile()) return [`${expected} ${stat.isDirectory() ? "a folder" : "another kind of file"}`];
  try {
    closeSync(openSync(file, "r"));
    return [];
  } catch (error) {
    return [`${expected} ${systemCode(error) ?? "an unknown error"}`];
  }
}

/** Cuts a file into equal byte ranges, wherever that falls: the reader of a range looks for the beginning of a line. */
function cut(path: string, label: string, want: { collection: string; parts: number }): readonly JsonlRange[] {
  const { collection } = want;
  const file = join(path, `${collection}.jsonl`);
  const sizeBytes = statSync(file, { throwIfNoEntry: false })?.size;
  if (sizeBytes === undefined) throw changed(label);
  const parts = Math.max(1, Math.min(Math.floor(want.parts), sizeBytes));
  const bound = (index: number): number => Math.floor((sizeBytes * index) / parts);
  return Array.from({ length: parts }, (_, index) => ({
    kind: "jsonl",
    path: file,
    label: `${label}/${collection}.jsonl`,
    collection,
    begin: bound(index),
    end: bound(index + 1),
    mainThreadOnly: false,
  }));
}
