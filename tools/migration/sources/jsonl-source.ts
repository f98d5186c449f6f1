import { statSync } from "node:fs";
import { FolderFiles } from "./folder-files.ts";
import { readCollection } from "./read-collection.ts";
import type { Source } from "./source.ts";
import { changed } from "./source-errors.ts";
import type { JsonlRange } from "./source-range.ts";

/** Opens a folder in which the collection `x` is the file `x.jsonl`, one JSON object per line. */
export async function openJsonlSource(path: string, label: string, collections: readonly string[]): Promise<Source> {
  const files = new FolderFiles(path, label, "jsonl", collections);
  const ranges = async (collection: string, parts: number) => cut(files, label, { collection, parts });
  return {
    kind: "jsonl",
    mainThreadOnly: false,
    ranges,
    read: (collection) => readCollection(ranges(collection, 1)),
    assertUnchanged: () => files.assertUnchanged(),
    close: async () => {},
  };
}

/** Cuts a file into equal byte ranges, wherever that falls: the reader of a range looks for the beginning of a line. */
function cut(files: FolderFiles, label: string, want: { collection: string; parts: number }): readonly JsonlRange[] {
  const { collection } = want;
  const path = files.pathOf(collection);
  const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size;
  if (sizeBytes === undefined) throw changed(label);
  const parts = Math.max(1, Math.min(Math.floor(want.parts), sizeBytes));
  const bound = (index: number): number => Math.floor((sizeBytes * index) / parts);
  return Array.from({ length: parts }, (_, index) => ({
    kind: "jsonl",
    path,
    label: files.labelOf(collection),
    collection,
    begin: bound(index),
    end: bound(index + 1),
    mainThreadOnly: false,
  }));
}
