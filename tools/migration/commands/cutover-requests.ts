import type { Command } from "commander";
import type { Run } from "../cutover/engine/run.ts";
import type { JsonObject } from "../model/json.ts";
import { gatesText, statusText } from "../printers/cutover-text.ts";
import { collect, driverOptions, pairs, type SignerOptions, signed } from "./cutover-options.ts";
import { finishEnding } from "./cutover-run.ts";
import { type CommonOptions, contextHere, json, type Session, withCommon } from "./session.ts";

interface RequestOptions extends CommonOptions, SignerOptions {
  readonly run?: string;
  readonly phase?: string;
}

/** Adds what other people ask of a run: `sign`, `hold`, `trigger`, `rollback`, `gate`. */
export function addCutoverRequestCommands(cutover: Command, session: Session): void {
  const add = (name: string, describe: string): Command =>
    withRun(withCommon(cutover.command(name))).description(describe);
  addDriverCommands(add, session);
  withSigner(add("sign", "sign for a role: a decision, an acknowledgement, what to do about a HOLD"))
    .requiredOption("--say <word>", "go, hold, keep, rollback, done, failed, again, override, abort, …")
    .option("--for <subject>", "what is signed (default: what the run holds for)")
    .option("--field <name=value>", "a field that was asked for", collect)
    .action((options: RequestOptions) => send(session, options, "sign", signed(options)));
  add("hold", "stop before the next step and wait for a go")
    .requiredOption("--reason <text>", "why")
    .action((options: RequestOptions) => send(session, options, "hold", { reason: options.reason ?? "" }));
  withSigner(add("trigger", "fire a stop that a person decides about").argument("<stop>", "id of the stop")).action(
    (stop: string, options: RequestOptions) => send(session, options, "trigger", { ...signed(options), stop }),
  );
  withSigner(add("deviation", "sign for something that was not as planned, such as a commit during the freeze"))
    .option("--commit <repo=sha>", "the commit that it explains", collect)
    .action((options: RequestOptions & { readonly commit?: readonly string[] }) => {
      const commits = Object.fromEntries(pairs("--commit", options.commit));
      return send(session, options, "deviation", { ...signed(options), commits });
    });
  add("gate", "evaluate a gate, or all of them")
    .argument("[gate]", "id of the gate (default: every gate of the plan)")
    .action((gate: string | undefined, options: RequestOptions) =>
      send(session, options, "gate", gate === undefined ? {} : { gate }),
    );
  add("rollback", "roll back everything, or one phase")
    .option("--phase <id>", "only this phase")
    .requiredOption("--reason <text>", "why")
    .action((options: RequestOptions) =>
      send(session, options, "rollback", { scope: options.phase ?? "run", reason: options.reason ?? "" }),
    );
}

function addDriverCommands(add: (name: string, describe: string) => Command, session: Session): void {
  add("status", "show what a run does and what it waits for").action(async (options: RequestOptions) => {
    const { allStatus, statusOf } = await import("../cutover/state/status.ts");
    const { root } = contextHere(session, options);
    const all = options.run === undefined ? allStatus(root) : [statusOf(root, options.run)];
    process.stdout.write(options.json === true ? json(all) : all.map(statusText).join("\n") || "no runs\n");
  });
  add("undo", "run what is left of one undo after a rollback that failed")
    .argument("<step>", "step or undo, as `status` lists it")
    .action(async (step: string, options: RequestOptions) => {
      const { undoOne } = await import("../cutover/engine/undo-one.ts");
      const result = await withDriver(session, options, (run) => undoOne(run, step));
      const lines = [`${result.isDone ? "done" : "failed"} ${step}`, ...result.left.map((name) => `left ${name}`)];
      process.stdout.write(options.json === true ? json(result) : lines.map((line) => `${line}\n`).join(""));
      if (result.ending === undefined) session.setExitCode(22);
      else finishEnding(result.ending, session);
    });
  withSigner(add("take-over", "put a driver aside that is gone, on another host")).action(
    async (options: RequestOptions) => {
      const { takeOver } = await import("../cutover/engine/take-over.ts");
      const said = await takeOver(
        driverOptions(session, options),
        options.run,
        signed({ ...options, say: "take-over" }),
      );
      process.stdout.write(options.json === true ? json({ said }) : `${said}\n`);
    },
  );
  add("reconcile", "ask every done_if and pointer again and report drift").action(async (options: RequestOptions) => {
    const { reconcile } = await import("../cutover/engine/reconcile.ts");
    const found = await withDriver(session, options, reconcile);
    const lines = found.map(
      ({ step, journal, world, drift }) => `${drift ? "DRIFT" : "same "} ${step}: journal ${journal}, world ${world}\n`,
    );
    process.stdout.write(options.json === true ? json(found) : lines.join("") || "nothing to ask\n");
    if (found.some(({ drift }) => drift)) session.setExitCode(16);
  });
}

/** Drives a run for one command; LOCK_HELD where somebody else does. */
async function withDriver<T>(session: Session, options: RequestOptions, act: (run: Run) => Promise<T>): Promise<T> {
  const { openRun } = await import("../cutover/engine/open-run.ts");
  const run = openRun(driverOptions(session, options), options.run);
  try {
    return await act(run);
  } finally {
    await run.close();
  }
}

function withRun(command: Command): Command {
  return command.option("--run <id>", "which run (default: the one that is open)");
}

function withSigner(command: Command): Command {
  return command
    .requiredOption("--role <role>", "the role you act in")
    .option("--name <person>", "who you are (default: your user name)")
    .option("--via <agent>", "the agent or tool through which you sign")
    .option("--reason <text>", "why");
}

async function send(session: Session, options: RequestOptions, command: string, body: JsonObject): Promise<void> {
  const { request } = await import("../cutover/engine/send-request.ts");
  const { lines, gates } = await request(driverOptions(session, options), options.run, { command, body });
  const text = gatesText(gates) + lines.map((line) => `${line}\n`).join("");
  process.stdout.write(options.json === true ? json({ lines, gates }) : text);
  if (gates.some(({ verdict }) => verdict !== "PASS")) session.setExitCode(16);
}
