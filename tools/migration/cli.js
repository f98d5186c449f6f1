#!/usr/bin/env node
// The committed launcher: everything else is compiled to build/ by `npm ci` or `npm run build`.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const [main, loader] = ["main.js", "load-program.js"].map((file) =>
  fileURLToPath(new URL(`../../build/program/${file}`, import.meta.url)),
);
if (existsSync(main)) {
  // Required, because an import would search all of it for names.
  const { loadProgram } = createRequire(import.meta.url)(loader);
  const { run } = loadProgram(main).exports;
  process.exitCode = await run(process.argv.slice(2));
  // Interrupted while the source waits for something: the wait must not keep the process alive.
  if (process.exitCode === 130) setTimeout(() => process.exit(), 200).unref();
} else {
  process.stderr.write("candor is not built yet.\n  next: npm ci   (or npm run build after a change)\n");
  process.exitCode = 2;
}
