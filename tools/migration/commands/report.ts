import type { Command } from "commander";
import { table } from "../printers/table.ts";
import { type CommonOptions, contextFor, json, type Session, withCommon } from "./session.ts";

/** Adds `report`, which shows what the last commands left in storage_reports. */
export function addReportCommand(program: Command, session: Session): void {
  withCommon(program.command("report"))
    .description("show the summaries of the last runs")
    .action(async (options: CommonOptions) => {
      const { latestReports } = await import("../operations/latest-reports.ts");
      const reports = latestReports(contextFor(session, options));
      if (options.json === true) {
        process.stdout.write(json({ reports }));
        return;
      }
      const rows = reports.map(({ command, runId, totalBlockers, totalWarnings, totalWaived, root, folder }) => [
        command,
        runId,
        ...[totalBlockers, totalWarnings, totalWaived].map(String),
        root?.slice(0, 16) ?? "-",
        folder,
      ]);
      const head = ["command", "run id", "BLOCKER", "WARNING", "waived", "run root", "report"];
      process.stdout.write(`${table([head, ...rows]).join("\n")}\n`);
    });
}
