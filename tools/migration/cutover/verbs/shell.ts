import { isAbsolute, join } from "node:path";
import { MigrationError } from "../../model/errors.ts";
import type { Verb } from "../plan/action.ts";
import { COMMAND_DEFAULTS, type CommandResult, type CommandSpec, type RunningCommand } from "../process/command.ts";
import { recoverCommand, startCommand } from "../process/run-command.ts";
import { resultAt, stamp } from "./results.ts";
import { exported } from "./values.ts";
import type { VerbContext, VerbDriver, VerbResult } from "./verb.ts";

type Shell = Extract<Verb, { kind: "sh" | "probe" }>;

/** `sh` and `probe`: a shell with the values exported, here or on a host of the plan. */
export const shellDriver: VerbDriver<Shell> = {
  prepare: async (verb) => ({ text: verb.command, preImage: null }),
  run: (verb, context) => runCommand(specOf(verb, context), context),
  recover: async (verb, context) => {
    const result = await findCommand(specOf(verb, context), context);
    // Nobody knows what became of a read, and nobody needs to.
    return verb.kind === "probe" && result?.outcome === "unknown" ? undefined : result;
  },
};

/** Runs a command to its end; `unknown` where nobody can tell what came of it. */
export async function runCommand(spec: CommandSpec, context: VerbContext): Promise<VerbResult> {
  const start = stamp(context);
  let command: RunningCommand;
  try {
    command = await context.clock.during(startCommand(spec));
  } catch (error) {
    if (!(error instanceof MigrationError) || error.code === "INTERNAL") throw error;
    return resultAt(start, context, { outcome: "failed", reason: error.message });
  }
  context.spawned(command.process);
  return ofCommand(await watched(command, context), start.at);
}

/** The result of a command whose driver was killed; undefined where it never began. */
export async function findCommand(spec: CommandSpec, context: VerbContext): Promise<VerbResult | undefined> {
  const start = stamp(context);
  const found = await context.clock.during(recoverCommand(spec));
  switch (found.state) {
    case "not-started":
      return undefined;
    case "ended":
      return ofCommand(found.result, start.at);
    case "running":
      return ofCommand(await watched(found.command, context), start.at);
    case "unknown":
      return resultAt(start, context, { outcome: "unknown", reason: found.reason, recovered: true });
  }
}

async function watched(command: RunningCommand, context: VerbContext): Promise<CommandResult> {
  const end = (): void => command.terminate();
  if (context.signal.aborted) end();
  context.signal.addEventListener("abort", end, { once: true });
  try {
    return await context.clock.during(command.result);
  } finally {
    context.signal.removeEventListener("abort", end);
  }
}

/** What the runner is given for a shell of the plan. */
export function specOf(verb: Shell, context: VerbContext): CommandSpec {
  return commandSpec({ text: verb.command, on: verb.on, input: context.input ?? null }, context);
}

/** A command of the plan with everything the runner wants to know. */
export function commandSpec(
  command: { readonly text: string; readonly on: string | undefined; readonly input: string | null },
  context: VerbContext,
): CommandSpec {
  const { root, dir, folder, hosts, remoteFolder } = context;
  const patience = context.patience === undefined ? {} : { patience: context.patience };
  const destination = command.on === undefined ? undefined : (hosts.get(command.on) ?? command.on);
  return {
    folder,
    text: command.text,
    variables: exported(context),
    cwd: destination === undefined ? localDir(root, dir) : (dir ?? null),
    timeoutMs: context.timeoutMs,
    graceMs: COMMAND_DEFAULTS.graceMs,
    capBytes: COMMAND_DEFAULTS.capBytes,
    input: command.input,
    ssh: destination === undefined ? null : { destination, options: [], folder: remoteFolder, ...patience },
  };
}

function localDir(root: string, dir: string | undefined): string {
  if (dir === undefined) return root;
  return isAbsolute(dir) ? dir : join(root, dir);
}

function ofCommand(result: CommandResult, fallback: string): VerbResult {
  const timedOut = result.end === "timeout";
  return {
    outcome: outcomeOf(result),
    reason: reasonOf(result),
    exit: result.exit,
    signal: result.signal,
    timedOut,
    status: null,
    rows: null,
    start: result.start ?? fallback,
    end: result.finish ?? fallback,
    ms: result.ms ?? 0,
    out: { path: result.out, truncated: result.truncated.out },
    err: { path: result.err, truncated: result.truncated.err },
    saved: {},
    notes: [...result.notes, ...left(result), ...result.stripped.map((name) => `${name} was kept from it`)],
    recovered: result.recovered,
    flip: null,
  };
}

function outcomeOf({ end }: CommandResult): VerbResult["outcome"] {
  if (end === "lost" || end === "not-started") return "unknown";
  return end === "exit" ? "asked" : "failed";
}

function reasonOf({ end, notes }: CommandResult): string | null {
  switch (end) {
    case "exit":
      return null;
    case "timeout":
      return "ended at its time limit";
    case "output":
      return "ended: it wrote more than is kept of an output";
    case "terminated":
      return "ended on request";
    case "not-started":
      return notes[0] ?? "the host could not be reached";
    case "lost":
      return notes[0] ?? "nobody can tell what came of it";
  }
}

function left({ survivors }: CommandResult): readonly string[] {
  return survivors.map(({ pid, command, killed }) =>
    killed ? `process ${pid} (${command}) outlived it and was killed` : `process ${pid} (${command}) was left behind`,
  );
}
