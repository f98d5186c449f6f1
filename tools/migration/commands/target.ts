import type { Command } from "commander";
import { table } from "../printers/table.ts";
import {
  type CommonOptions,
  contextFor,
  contextHere,
  finish,
  json,
  runIdFrom,
  type Session,
  withCommon,
  withVerdict,
} from "./session.ts";

interface TargetFlags extends CommonOptions {
  readonly input?: string;
  readonly replace?: boolean;
}

/** Adds `load` and `verify-target`. */
export function addTargetCommands(program: Command, session: Session): void {
  withCommon(program.command("load"))
    .description("load a candidate into tables made from its schemas: all rows, or none")
    .argument("<place>", "sqlite:FILE, postgres://user@host/database or mysql://user@host/database")
    .argument("[modules...]", "module names (default: all)")
    .option("--input <dir>", "candidate directory (default: storage_candidate/v1)")
    .option("--replace", "take away the rows of tables that hold some already", false)
    .action(async (place: string, modules: string[], options: TargetFlags) => {
      const { load } = await import("../operations/load.ts");
      const target = await targetOf(place, modules, options);
      const result = await load(contextHere(session, options), { ...target, replace: options.replace === true });
      const rows = result.tables.map(({ name, rows: count, made }) => [name, String(count), made ? "made" : "filled"]);
      const text = [
        `load: ${result.target}`,
        ...table([["table", "rows", ""], ...rows]),
        `run root ${result.root}`,
      ].join("\n");
      process.stdout.write(options.json === true ? json(result) : `${text}\n`);
    });
  withVerdict(program.command("verify-target"))
    .description("read a loaded target back and find the roots of the candidate, or name every row that differs")
    .argument("<place>", "sqlite:FILE, postgres://user@host/database or mysql://user@host/database")
    .argument("[modules...]", "module names (default: all)")
    .option("--input <dir>", "candidate directory (default: storage_candidate/v1)")
    .action(async (place: string, modules: string[], options: TargetFlags) => {
      const { verifyTarget } = await import("../operations/verify-target.ts");
      const target = await targetOf(place, modules, options);
      const outcome = await verifyTarget(contextFor(session, options), {
        ...target,
        runId: runIdFrom("verify-target"),
      });
      finish(session, outcome, options);
    });
}

async function targetOf(place: string, modules: readonly string[], options: TargetFlags) {
  const { DEFAULT_INPUT } = await import("../operations/scan.ts");
  return { place, modules, workingDirectory: process.cwd(), input: options.input ?? DEFAULT_INPUT };
}
