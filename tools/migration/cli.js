#!/usr/bin/env node
// The committed launcher: everything else is compiled to build/ by `npm ci` or `npm run build`.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const main = new URL("../../build/tools/migration/main.js", import.meta.url);
if (existsSync(fileURLToPath(main))) {
  const { run } = await import(main.href);
  process.exitCode = await run(process.argv.slice(2));
  // Interrupted while the source waits for something: the wait must not keep the process alive.
  if (process.exitCode === 130) setTimeout(() => process.exit(), 200).unref();
} else {
  process.stderr.write("candor is not built yet.\n  next: npm ci   (or npm run build after a change)\n");
  process.exitCode = 2;
}
