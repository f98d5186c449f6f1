import t from "tap";
import { sizeFrom } from "../../tools/migration/commands/size.ts";

t.test("a size is a whole number of MiB or GiB", async (t) => {
  t.equal(sizeFrom("--max-memory", undefined), undefined);
  for (const [text, bytes] of [
    ["512M", 512 * 2 ** 20],
    ["512MiB", 512 * 2 ** 20],
    ["2G", 2 ** 31],
    ["2GiB", 2 ** 31],
  ] as const) {
    t.equal(sizeFrom("--max-memory", text), bytes);
  }
  for (const text of ["", "512", "0M", "1.5G", "2g", "2GB", "-1M", "1 G", "1234567M"]) {
    t.throws(() => sizeFrom("--max-memory", text), { code: "USAGE", message: /^--max-memory takes .*, got / });
  }
});
