#!/usr/bin/env node
// The committed launcher: everything else is compiled to build/ by `npm ci` or `npm run build`.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const main = new URL("../../build/tools/migration/main.js", import.meta.url);
if (existsSync(fileURLToPath(main))) {
  const { run } = await import(main.href);
  process.exitCode = await run(process.argv.slice(2));
} else {
  process.stderr.write("candor is not built yet.\n  next: npm ci   (or npm run build after a change)\n");
  process.exitCode = 2;
}
