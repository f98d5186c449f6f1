import { FolderFiles } from "./folder-files.ts";
import { readCollection } from "./read-collection.ts";
import type { Source } from "./source.ts";
import type { JsonRange } from "./source-range.ts";

/** Opens a folder in which the collection `x` is the file `x.json`, one array of objects. */
export async function openJsonSource(path: string, label: string, collections: readonly string[]): Promise<Source> {
  const files = new FolderFiles(path, label, "json", collections);
  const ranges = async (collection: string): Promise<readonly JsonRange[]> => [
    {
      kind: "json",
      path: files.pathOf(collection),
      label: files.labelOf(collection),
      collection,
      mainThreadOnly: false,
    },
  ];
  return {
    kind: "json",
    mainThreadOnly: false,
    ranges,
    read: (collection) => readCollection(ranges(collection)),
    assertUnchanged: () => files.assertUnchanged(),
    close: async () => {},
  };
}
