import type { Command } from "commander";
import { lintText, planText, probeText } from "../printers/cutover-text.ts";
import { driverOptions, givenFrom, planPath, type ValueOptions, withValues } from "./cutover-options.ts";
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
  withCommon(cutover.command("plan").argument("<plan>", "plan file"))
    .description("show the expanded order, the order of a rollback, and what must be given")
    .action(async (plan: string, options: CommonOptions) => {
      const { describePlan } = await import("../cutover/plan/describe.ts");
      const { path, file } = planPath(plan);
      const described = describePlan((await loader()).loadPlan(path, file, contextHere(session, options).root));
      process.stdout.write(options.json === true ? json(described) : planText(described));
    });
  withValues(withCommon(cutover.command("dry-run").argument("<plan>", "plan file")))
    .description("show what a run would do; writes only its report")
    .option("--probe", "also ask the checks of the plan and its gates, which only read")
    .action(async (plan: string, options: CommonOptions & ValueOptions & { readonly probe?: boolean }) => {
      const { dryRun } = await import("../cutover/engine/dry-run.ts");
      const { path, file } = planPath(plan);
      const driver = driverOptions(session, options);
      const loaded = { plan: (await loader()).loadPlan(path, file, driver.root), file };
      const result = await dryRun(driver, loaded, givenFrom(options), options.probe === true);
      process.stdout.write(options.json === true ? json(result) : planText(result) + probeText(result));
      if (result.probes.some(({ verdict }) => verdict === "FAIL" || verdict === "UNKNOWN")) session.setExitCode(16);
    });
}

function loader() {
  return import("../cutover/plan/load-plan.ts");
}
