import type { Command } from "commander";
import { type CommonOptions, contextHere, json, type Session, withCommon } from "./session.ts";

/** Adds `restore` and `prune`. */
export function addMaintenanceCommands(program: Command, session: Session): void {
  withCommon(program.command("restore"))
    .description("bring the previous candidate back as storage_candidate/v1, after verifying it")
    .option("--swap", "exchange it with the present candidate", false)
    .action(async (options: CommonOptions & { readonly swap: boolean }) => {
      const { restore } = await import("../operations/maintenance.ts");
      const restored = await restore(contextHere(session, options), options);
      const text = `restored storage_candidate/v1\nrun root ${restored.root}\n`;
      process.stdout.write(options.json === true ? json(restored) : text);
    });
  withCommon(program.command("prune"))
    .description("remove the previous candidate and what dead runs left behind; never the present candidate")
    .option(
      "--releases",
      "also releases that no pointer leads to, that no flip came from, and not of the candidate",
      false,
    )
    .action(async (options: CommonOptions & { readonly releases: boolean }) => {
      const { prune } = await import("../operations/maintenance.ts");
      const removed = await prune(contextHere(session, options), options);
      const lines = removed.map(({ name, bytes }) => `removed ${name} (${bytes} bytes)\n`);
      process.stdout.write(options.json === true ? json({ removed }) : lines.join("") || "nothing to remove\n");
    });
}
