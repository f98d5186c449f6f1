import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of this package, wherever in it the running code lies. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "tools/migration/cli.js"))) {
    const above = dirname(folder);
    if (above === folder) throw new TypeError("the program lies outside of its package");
    folder = above;
  }
  return folder;
}
