import { run } from "../tools/migration/main.ts";

// The program as modules, not as one file, so that a profile tells which of them is at work.
process.exitCode = await run(process.argv.slice(2));
