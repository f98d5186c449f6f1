import { migrate } from "../../tools/migration/operations/migrate.ts";

// Run as: unread-child.js <project> <workers>: the tool's migrate without its read back, which no user can leave out.
// Like the tool it is one file for each thread, and timed from start to exit.
const [root = "", workers = "1"] = process.argv.slice(2);

const context = {
  root,
  clock: () => new Date(),
  signal: new AbortController().signal,
  progress: { stage: () => {}, advance: () => {}, end: () => {} },
};

void migrate(context, {
  runId: "no-read-back",
  failAfterModule: undefined,
  workers: Number(workers),
  tuning: { readBack: false },
}).then((outcome) => {
  process.exitCode = outcome.summary.totalBlockers === 0 ? 0 : 1;
});
