import type { Command } from "commander";
import {
  type CommonOptions,
  contextFor,
  contextHere,
  finish,
  runIdFrom,
  type Session,
  withPace,
  withVerdict,
  workersFrom,
} from "./session.ts";
import { sizeFrom } from "./size.ts";

interface WorkFlags extends CommonOptions {
  readonly workers?: string;
}

interface MigrateFlags extends WorkFlags {
  readonly maxMemory?: string;
}

/** Adds `dry-run` and `migrate`. */
export function addMigrateCommands(program: Command, session: Session): void {
  withPace(withVerdict(program.command("dry-run")))
    .description("read, map and check everything that migrate would; write only the report")
    .option("--workers <n>", "worker threads (default: one per core)")
    .action(async (options: WorkFlags) => {
      const { dryRun } = await import("../operations/dry-run.ts");
      finish(
        session,
        await dryRun(contextFor(session, options), {
          runId: runIdFrom("run-local"),
          workers: workersFrom(options),
        }),
        options,
      );
    });
  withPace(withVerdict(program.command("migrate")))
    .description("build the candidate storage_candidate/v1, or leave none")
    .addHelpText(
      "after",
      "\nEnvironment:\n  MIGRATE_RUN_ID             label of the run (default run-local)\n  MIGRATE_FAIL_AFTER_MODULE  failure drill: fail after this module was built",
    )
    .option("--workers <n>", "worker threads (default: one per core)")
    .option("--max-memory <size>", "spill lines and sort in parts to stay below about this, such as 512M or 2G")
    .action(async (options: MigrateFlags) => {
      const { migrate } = await import("../operations/migrate.ts");
      const failAfterModule = process.env["MIGRATE_FAIL_AFTER_MODULE"] || undefined;
      const outcome = await migrate(contextHere(session, options), {
        runId: runIdFrom("run-local"),
        failAfterModule,
        workers: workersFrom(options),
        maxMemoryBytes: sizeFrom("--max-memory", options.maxMemory),
      });
      finish(session, outcome, options);
    });
}
