import { join } from "node:path";
import t from "tap";
import { openModuleSource } from "../../tools/migration/sources/module-source.ts";

t.test("a collection that fails while it is read is SOURCE_READ, and its message is not repeated", async (t) => {
  const text = `const failing = (function* () { yield { id: 1 }; throw new RangeError("Ada Quill"); })();
export const db = { failing };
`;
  const dir = t.testdir({ "db.mjs": text });
  const source = await openModuleSource(join(dir, "db.mjs"), "db.mjs", ["failing"]);
  const readAll = async (): Promise<void> => {
    for await (const batch of source.read("failing")) t.equal(batch.length, 1);
  };
  const error: unknown = await readAll().catch((reason: unknown) => reason);
  t.match(error, { code: "SOURCE_READ", message: /collection failing .*RangeError/ });
  t.notMatch(error, { message: /Ada/ });
  await source.close();
});
