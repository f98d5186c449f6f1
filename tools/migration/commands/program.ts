import { Command } from "commander";
import { addCandidateCommands } from "./candidate.ts";
import { addCutoverCommands } from "./cutover.ts";
import { addInitCommand } from "./init.ts";
import { addMaintenanceCommands } from "./maintenance.ts";
import { addMigrateCommands } from "./migrate.ts";
import { addPointerCommands } from "./pointer.ts";
import { addRegistryCommands } from "./registry.ts";
import { addReportCommand } from "./report.ts";
import { addScanCommands, addVerifySourceCommand } from "./scan.ts";
import type { ExitCodeRow, Session } from "./session.ts";
import { addTargetCommands } from "./target.ts";

/** The command line of the toolkit. */
export function createProgram(session: Session): Command {
  const program = new Command("candor")
    .description("Build a candidate of your data, prove it, and keep a way back.")
    .version(session.version, "--version", "print the version of the tool")
    .showHelpAfterError(`(\`${session.invocation} help\` lists the commands)`)
    .exitOverride()
    .addHelpText("after", `\n${exitCodeHelp(session.exitCodes)}`);
  addInitCommand(program, session);
  addMigrateCommands(program, session);
  addScanCommands(program, session);
  addVerifySourceCommand(program, session);
  addTargetCommands(program, session);
  addCandidateCommands(program, session);
  addRegistryCommands(program, session);
  addMaintenanceCommands(program, session);
  addPointerCommands(program, session);
  addCutoverCommands(program, session);
  addReportCommand(program, session);
  return program;
}

function exitCodeHelp(rows: readonly ExitCodeRow[]): string {
  return ["Exit codes:", ...rows.map((row) => `  ${String(row.code).padStart(3)}  ${row.meaning}`)].join("\n");
}
