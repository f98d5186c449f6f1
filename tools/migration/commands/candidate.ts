import type { Command } from "commander";
import { diffText } from "../printers/diff-text.ts";
import { type CommonOptions, contextFor, json, type Session, withCommon } from "./session.ts";

/** Adds `diff`, which looks at finished candidates. */
export function addCandidateCommands(program: Command, session: Session): void {
  withCommon(program.command("diff"))
    .description("name every entity in which two candidates differ, opening only what differs")
    .argument("<a>", "candidate directory, the one before")
    .argument("<b>", "candidate directory, the one after")
    .action(async (a: string, b: string, options: CommonOptions) => {
      const { diff } = await import("../operations/diff.ts");
      const outcome = await diff(contextFor(session, options), [a, b]);
      const { summary, report } = outcome;
      process.stdout.write(options.json === true ? json({ ...summary, report }) : diffText(outcome));
      if (summary.totalDifferences > 0) session.setExitCode(16);
    });
}
