import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { Option } from "commander";
import { findRoot } from "../config/find-root.ts";
import { packageRoot } from "../config/package-root.ts";
import { PROJECT } from "../config/paths.ts";
import { MigrationError } from "../model/errors.ts";
import type { Context } from "../operations/context.ts";
import type { Outcome } from "../operations/report.ts";
import { outcomeText } from "../printers/outcome-text.ts";
import { createProgress } from "../printers/progress.ts";

/** One row of the table of exit codes. */
export interface ExitCodeRow {
  readonly code: number;
  readonly meaning: string;
}

/** What the program gets from main.ts. */
export interface Session {
  readonly signal: AbortSignal;
  readonly clock: () => Date;
  readonly setExitCode: (code: 0 | 1 | 2 | 16 | 17 | 20 | 21 | 22 | 130) => void;
  readonly exitCodes: readonly ExitCodeRow[];
  /** Version of the package. */
  readonly version: string;
  /** How the user calls the tool, for commands in messages. */
  readonly invocation: string;
}

/** The options of every command. */
export interface CommonOptions {
  readonly root?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly failOn?: "blocker" | "warning";
  readonly maxRowsPerSecond?: string;
}

/** Adds the options that every command has. */
export function withCommon(command: Command): Command {
  return command
    .option("--root <dir>", "project folder (default: the nearest one with migration/migration.json)")
    .option("--json", "print the result as JSON on stdout")
    .option("--quiet", "no progress");
}

/** Adds `--fail-on` to a command that has a verdict. */
export function withVerdict(command: Command): Command {
  const choice = new Option("--fail-on <severity>", "what makes the command fail").choices(["blocker", "warning"]);
  return withCommon(command).addOption(choice.default("blocker"));
}

/** Adds `--max-rows-per-second` to a command that reads the source. */
export function withPace(command: Command): Command {
  return command.option("--max-rows-per-second <n>", "read the source no faster than this, all threads together");
}

function paceFrom({ maxRowsPerSecond: given }: CommonOptions): Pick<Context, "maxRowsPerSecond"> {
  if (given === undefined) return {};
  const most = Number(given);
  if (/^[0-9]+$/.test(given) && most >= 1 && most <= 1_000_000_000) return { maxRowsPerSecond: most };
  throw new MigrationError("USAGE", {
    message: `--max-rows-per-second takes a whole number from 1 to 1000000000, got ${given}.`,
  });
}

/** The context of an operation for these options. */
export function contextFor(session: Session, options: CommonOptions): Context {
  return {
    root: options.root === undefined ? defaultRoot(options) : resolve(options.root),
    clock: session.clock,
    signal: session.signal,
    progress: createProgress(process.stderr, options.quiet === true || options.json === true, session.clock),
    ...paceFrom(options),
  };
}

/** The same for a command that removes or overwrites: it never takes a project that the user did not name or stand in. */
export function contextHere(session: Session, options: CommonOptions): Context {
  return contextFor(session, { ...options, root: options.root ?? findRoot(process.cwd()) ?? process.cwd() });
}

/** The project around the working directory; else, and saying so, the one that this copy of the tool lies in. */
function defaultRoot(options: CommonOptions): string {
  const found = findRoot(process.cwd());
  if (found !== undefined) return found;
  const own = packageRoot();
  if (!existsSync(join(own, PROJECT.migration))) return process.cwd();
  if (options.json !== true) process.stderr.write(`no project here: using ${own}\n`);
  return own;
}

/** Prints an outcome and sets the exit code of its verdict. */
export function finish(session: Session, outcome: Outcome, options: CommonOptions): void {
  const { summary } = outcome;
  const text =
    options.json === true ? json({ ...summary, report: outcome.report }) : outcomeText(outcome, session.invocation);
  process.stdout.write(text);
  const warnings = options.failOn === "warning" ? summary.totalWarnings : 0;
  if (summary.totalBlockers + warnings > 0) session.setExitCode(16);
  else if (summary.unverified.length > 0) session.setExitCode(17);
}

/** The number of worker threads: as asked for, or one per core; USAGE for anything but a whole number from 1 to 256. */
export function workersFrom(options: { readonly workers?: string }): number {
  if (options.workers === undefined) return availableParallelism();
  const workers = Number(options.workers);
  if (/^[0-9]+$/.test(options.workers) && workers >= 1 && workers <= 256) return workers;
  throw new MigrationError("USAGE", {
    message: `--workers takes a whole number from 1 to 256, got ${options.workers}.`,
  });
}

/** A value as indented JSON with a final LF. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** The run id from the environment, or the default of the command; USAGE when it cannot be a label. */
export function runIdFrom(fallback: string): string {
  const given = process.env["MIGRATE_RUN_ID"];
  if (given === undefined || given === "") return fallback;
  if (/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/.test(given)) return given;
  throw new MigrationError("USAGE", {
    message:
      "MIGRATE_RUN_ID must be 1 to 128 letters, digits, dots, colons, dashes or underscores, beginning with a letter or digit.",
    remedy: "Set it to a label such as run-2026-03-14, or unset it.",
  });
}
