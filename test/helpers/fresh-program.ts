import { statSync } from "node:fs";

/** Preloaded into every test file: the command line runs the bundled program, which `tsc` alone leaves as it was. */
const compiled = statSync("build/.tsbuildinfo").mtimeMs;
const bundled = statSync("build/program/main.js", { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (bundled < compiled) throw new Error("build/program is older than what it is made of; next: npm run compile");
