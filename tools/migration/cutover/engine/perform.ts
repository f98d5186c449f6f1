import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { MigrationError } from "../../model/errors.ts";
import { digestOutput, type MaskedOutput } from "../journal/output-digest.ts";
import type { FlipRecord, Receipt, Spawned } from "../journal/record.ts";
import type { Action } from "../plan/action.ts";
import type { Phase, VarValue } from "../plan/plan.ts";
import { driverOf } from "../verbs/drivers.ts";
import { judge } from "../verbs/expectations.ts";
import type { Kept } from "../verbs/kept-files.ts";
import { resultAt, type Stamp, stamp } from "../verbs/results.ts";
import { exported, fill } from "../verbs/values.ts";
import type { Acknowledged, Acknowledgement, Intent, OutputFile, VerbContext, VerbResult } from "../verbs/verb.ts";
import { acknowledge } from "./acknowledge.ts";
import type { Run } from "./run.ts";

/** One action to be done once. */
export interface Work {
  readonly action: Action;
  readonly phase: Phase | undefined;
  readonly item: string | undefined;
  /** Folder of the attempt: `<number>-<name>.<attempt>`. */
  readonly number: number;
  readonly attempt: number;
  /** Instead of the variables in scope: those that were recorded with an undo. */
  readonly vars?: ReadonlyMap<string, VarValue>;
  /** Where the words of the crash points and acknowledgements come from. */
  readonly name: string;
  readonly signal: AbortSignal;
  /** Where its files go, where that is not the run folder. */
  readonly folder?: string;
  /** What a command reads on stdin. */
  readonly input?: string;
  /** Acknowledgements that were signed before this record were about something else. */
  readonly round: number;
  /** Where a check is asked: its crash points are not those of another place. */
  readonly within?: string;
  /** Adds to the intent what an undo needs; the action is refused where that cannot be had. */
  readonly keep?: (intent: Intent) => Promise<Intent>;
  /** What was kept of the files of the step that is taken back. */
  readonly kept?: Kept;
  /** Journals what will be done, before it is. */
  readonly announce?: (intent: Intent) => void;
  readonly spawned?: (process: Spawned) => void;
}

/** What one action left. */
export interface Performed {
  readonly receipt: Receipt;
  readonly flip: FlipRecord | null;
}

/** Does an action and holds the result against what it expects. Throws only what makes the journal impossible. */
export async function perform(run: Run, work: Work): Promise<Performed> {
  const context = contextOf(run, work);
  const driver = driverOf(work.action.verb);
  const start = stamp(context);
  let intent: Intent;
  try {
    const prepared = await driver.prepare(context);
    intent = (await work.keep?.(prepared)) ?? prepared;
  } catch (error) {
    const reason = refusal(error);
    return receiptOf(run, work, context, resultAt(start, context, { outcome: "failed", reason }), start, "");
  }
  work.announce?.(intent);
  const begun = stamp(context);
  const result = await driver.run(context, intent);
  return receiptOf(run, work, context, result, begun, intent.text);
}

/** Finds out what came of an action whose driver was killed; undefined = it never began. */
export async function recover(run: Run, work: Work, intent: Intent): Promise<Performed | undefined> {
  const context = contextOf(run, work);
  const start = stamp(context);
  const result = await driverOf(work.action.verb).recover(context, intent);
  return result === undefined ? undefined : receiptOf(run, work, context, result, start, intent.text);
}

/** Lets a verb take itself back to the state that its intent recorded. */
export async function takeBack(run: Run, work: Work, intent: Intent): Promise<Performed> {
  const context = contextOf(run, work);
  const start = stamp(context);
  const { undo } = driverOf(work.action.verb);
  work.announce?.(intent);
  try {
    const result = undo === undefined ? undefined : await undo(context, intent);
    const nothing = { outcome: "failed", reason: "this verb cannot take itself back" } as const;
    return await receiptOf(run, work, context, result ?? resultAt(start, context, nothing), start, intent.text);
  } catch (error) {
    const result = resultAt(start, context, { outcome: "failed", reason: refusal(error) });
    return receiptOf(run, work, context, result, start, intent.text);
  }
}

/** The words of a refusal; anything that is not one is a fault of the tool and goes on. */
function refusal(error: unknown): string {
  if (error instanceof MigrationError && error.code !== "INTERNAL") return error.message;
  throw error;
}

/** What the verb of an action gets. */
export function contextOf(run: Run, work: Work): VerbContext {
  const { root, directory, bound, clock, crash } = run.parts;
  const { options } = work.action;
  const vars = work.vars ?? run.vars(work.phase, work.item);
  const values = { vars, secrets: bound.secrets };
  const mark = `${work.name}${work.item === undefined ? "" : `[${work.item}]`}${work.within === undefined ? "" : `:${work.within}`}`;
  const folder = `${work.number}-${fileName(work.action.name)}.${work.attempt}`;
  return {
    root,
    folder: join(work.folder ?? directory.steps, folder),
    remoteFolder: `${directory.id}/${folder}`,
    runId: directory.id,
    name: work.name,
    ...values,
    env: new Map([...options.env].map(([name, text]) => [name, fill(text, values)])),
    dir: options.dir === undefined ? undefined : fill(options.dir, values),
    hosts: run.hosts(),
    patience: run.parts.options.ssh,
    dbs: run.dbs(),
    environment: run.parts.options.environment,
    by: options.by,
    kept: work.kept,
    input: work.input,
    timeoutMs: options.timeoutMs,
    clock,
    signal: work.signal,
    spawned: (process) => {
      if (work.announce !== undefined) crash.reach("spawned", mark);
      work.spawned?.(process);
      // A read is asked anew, however far it had come.
      crash.reach("running", mark, () => hasLeft(directory.steps, folder, "group"));
      if (work.announce !== undefined) crash.reach("ended", mark, () => hasLeft(directory.steps, folder, "rc"));
    },
    crashPoint: (point) => crash.reach(point, mark),
    acknowledge: (asked: Acknowledgement): Promise<Acknowledged> => acknowledge(run, asked, work.signal, work.round),
  };
}

/** Whether a command has come so far: here, or its connection to another host. */
function hasLeft(steps: string, folder: string, name: string): boolean {
  return existsSync(join(steps, folder, name)) || existsSync(join(steps, folder, "ssh.1", name));
}

async function receiptOf(
  run: Run,
  work: Work,
  context: VerbContext,
  result: VerbResult,
  begun: Stamp,
  text: string,
): Promise<Performed> {
  const driverEnd = stamp(context).at;
  const { mask, directory, root } = run.parts;
  const out = digest(run, result.out);
  const err = digest(run, result.err);
  const output = { out: textOf(out), err: textOf(err) };
  const judging = judge(work.action, result, output, {
    root,
    regex: run.regex,
    vars: context.vars,
    secrets: context.secrets,
    textNames: run.plan.textVars,
    harvest: run.plan.harvest,
  });
  const judgement = await context.clock.during(judging);
  const { verb } = work.action;
  const receipt: Receipt = {
    verb: verb.kind,
    text: mask.text(text),
    on: "on" in verb ? (verb.on ?? null) : null,
    dir: context.dir ?? null,
    env: Object.keys(exported(context)).sort(),
    item: work.item ?? null,
    start: result.start,
    end: result.end,
    ms: result.ms,
    driverStart: begun.at,
    driverEnd,
    exit: result.exit,
    signal: result.signal,
    timedOut: result.timedOut,
    out: out?.digest ?? null,
    err: err?.digest ?? null,
    expectations: judgement.expectations,
    verdict: judgement.verdict,
    saved: judgement.saved,
    harvested: judgement.harvested,
    notes: judgement.reason === null ? result.notes : [judgement.reason, ...result.notes],
    recovered: result.recovered,
  };
  return { receipt, flip: judgement.verdict === "PASS" ? result.flip : null };

  function digest(of: Run, file: OutputFile | null): MaskedOutput | undefined {
    if (file === null) return undefined;
    return digestOutput(directory, relative(of.parts.directory.path, file.path), { mask, truncated: file.truncated });
  }
}

function textOf(output: MaskedOutput | undefined): string {
  return output?.bytes.toString("utf8") ?? "";
}

/** An action's name as a part of a file name: items of a list hold anything. */
function fileName(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]/g, "_").slice(0, 80);
}
