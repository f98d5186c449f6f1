import type { Command } from "commander";
import { lintText } from "../printers/cutover-text.ts";
import { planPath } from "./cutover-options.ts";
import { type CommonOptions, contextHere, json, type Session, withCommon } from "./session.ts";

/** Adds `cutover lint`, `plan` and `dry-run`. */
export function addCutoverPlanCommands(cutover: Command, session: Session): void {
  withCommon(cutover.command("lint").argument("<plan>", "plan file"))
    .description("tell everything that is wrong with a plan, with line numbers")
    .action(async (plan: string, options: CommonOptions) => {
      const { lintPlanText, readPlanText } = await import("../cutover/plan/load-plan.ts");
      const { path, file } = planPath(plan);
      const { book } = lintPlanText(readPlanText(path, file), contextHere(session, options).root);
      process.stdout.write(
        options.json === true ? json({ file, messages: book.messages }) : lintText(file, book.messages),
      );
      if (book.errors > 0) session.setExitCode(2);
    });
}
