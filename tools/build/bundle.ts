import { bundleProgram } from "./bundle-program.ts";

/** The threads that run the program. */
const THREADS = ["main.js", "operations/scan-worker.js", "operations/build-worker.js", "cutover/verbs/regex-worker.js"];

await bundleProgram(
  THREADS.map((file) => `build/tools/migration/${file}`),
  "build/program",
);
