import type { Command } from "commander";
import { initText } from "../printers/init-text.ts";
import { type CommonOptions, contextFor, json, type Session, withCommon } from "./session.ts";

/** Adds `init`, which makes a project out of a database. */
export function addInitCommand(program: Command, session: Session): void {
  withCommon(program.command("init"))
    .description("look at a database or a folder of files and write a project for it; never over a file")
    .requiredOption("--from <place>", "sqlite:FILE, csv:FOLDER, jsonl:FOLDER, json:FOLDER, postgres://… or mysql://…")
    .action(async (options: CommonOptions & { readonly from: string }) => {
      const { init } = await import("../operations/init.ts");
      // Never the project around: a new one is made where the user stands.
      const here = process.cwd();
      const context = contextFor(session, { ...options, root: options.root ?? here });
      const result = await init(context, { from: options.from, workingDirectory: here });
      const text = options.json === true ? json(result) : initText(result, options.from, session.invocation);
      process.stdout.write(text);
    });
}
