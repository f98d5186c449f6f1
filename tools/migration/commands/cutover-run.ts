import type { Command } from "commander";
import type { Ending } from "../cutover/engine/ending.ts";
import type { Run } from "../cutover/engine/run.ts";
import {
  driverOptions,
  givenFrom,
  planPath,
  type SignerOptions,
  signed,
  type ValueOptions,
  withValues,
} from "./cutover-options.ts";
import { type CommonOptions, contextHere, json, type Session, withCommon } from "./session.ts";

interface RunCommandOptions extends CommonOptions, ValueOptions {
  readonly run?: string;
  readonly exitOnHold?: boolean;
  readonly until?: string;
  readonly runId?: string;
}

/** Adds `cutover arm`, `run` and `resume`. */
export function addCutoverRunCommands(cutover: Command, session: Session): void {
  withValues(withCommon(cutover.command("arm").argument("<plan>", "plan file")))
    .description("open a run and set its T0; freezes lists")
    .requiredOption("--t0 <time>", "RFC 3339 with an offset, such as 2026-03-14T02:00:00+01:00")
    .option("--run-id <id>", "id of the new run")
    .action(async (plan: string, options: RunCommandOptions & { readonly t0: string }) => {
      const { arm } = await import("../cutover/engine/arm.ts");
      const driver = driverOptions(session, options);
      const run = await arm(driver, await load(plan, session, options), givenFrom(options), options);
      process.stdout.write(options.json === true ? json({ run, t0: options.t0 }) : `armed ${run} for ${options.t0}\n`);
    });
  const running = withValues(withCommon(cutover.command("run").argument("<plan>", "plan file")));
  withEnding(running)
    .description("run a plan to its end; goes on with the run that `arm` opened")
    .option("--until <phase>", "stop behind this phase")
    .option("--run-id <id>", "id of the new run")
    .action(async (plan: string, options: RunCommandOptions) => {
      const { startRun } = await import("../cutover/engine/arm.ts");
      const driver = driverOptions(session, options);
      const run = startRun(driver, await load(plan, session, options), givenFrom(options), options);
      await driveToEnd(run, session, options);
    });
  withEnding(withCommon(cutover.command("resume")))
    .description("go on with a run after a HOLD, an interrupt or a killed driver")
    .option("--run <id>", "which run (default: the one that is open)")
    .option("--until <phase>", "stop behind this phase")
    .option("--plan <file>", "go on with a changed plan: only what has not begun may differ, and somebody signs for it")
    .option("--role <role>", "with --plan: the role you sign in")
    .option("--name <person>", "with --plan: who you are (default: your user name)")
    .option("--via <agent>", "with --plan: the agent or tool through which you sign")
    .option("--reason <text>", "with --plan: why it is changed")
    .action(async (options: RunCommandOptions & SignerOptions & { readonly plan?: string }) => {
      const { resumeRun } = await import("../cutover/engine/arm.ts");
      const driver = driverOptions(session, options);
      if (options.plan !== undefined) {
        const { changePlan } = await import("../cutover/engine/change-plan.ts");
        const signature = options.role === undefined ? undefined : signed(options);
        await changePlan(driver, options.run, await load(options.plan, session, options), signature);
      }
      const run = resumeRun(driver, options.run);
      await driveToEnd(run, session, options);
    });
}

function withEnding(command: Command): Command {
  return command.option("--exit-on-hold", "end with exit code 20 where a person is needed, instead of waiting");
}

async function load(plan: string, session: Session, options: CommonOptions) {
  const { loadPlan } = await import("../cutover/plan/load-plan.ts");
  const { path, file } = planPath(plan);
  return { plan: loadPlan(path, file, contextHere(session, options).root), file };
}

async function driveToEnd(run: Run, session: Session, options: CommonOptions): Promise<void> {
  const { drive } = await import("../cutover/engine/drive.ts");
  let ending: Ending;
  const { id } = run.parts.directory;
  try {
    if (options.json !== true && options.quiet !== true) process.stderr.write(`run ${id}\n`);
    ending = await drive(run);
  } finally {
    await run.close();
  }
  const { head } = run.parts.journal;
  const text = `${ending.outcome} ${id}${ending.reason === null ? "" : `: ${ending.reason}`}\nhead ${head.seq} ${head.hash}\n`;
  process.stdout.write(options.json === true ? json({ run: id, ...ending, head }) : text);
  finishEnding(ending, session);
}

/** The exit code of an outcome. */
export function finishEnding({ outcome }: Ending, session: Session): void {
  const codes = {
    SUCCEEDED: 0,
    UNTIL: 0,
    HOLD: 20,
    ROLLED_BACK: 21,
    ROLLBACK_FAILED: 22,
    ABORTED: 1,
    INTERRUPTED: 130,
  } as const;
  session.setExitCode(codes[outcome]);
}
