import { readFileSync } from "node:fs";
import { arm, resumeRun, startRun } from "../../tools/migration/cutover/engine/arm.ts";
import { drive } from "../../tools/migration/cutover/engine/drive.ts";
import type { DriverOptions } from "../../tools/migration/cutover/engine/open-run.ts";
import type { Run } from "../../tools/migration/cutover/engine/run.ts";
import { putRequest } from "../../tools/migration/cutover/journal/inbox.ts";
import { readJournal } from "../../tools/migration/cutover/journal/read-journal.ts";
import type { JournalRecord } from "../../tools/migration/cutover/journal/record.ts";
import { listRuns, openRunDirectory } from "../../tools/migration/cutover/journal/run-directory.ts";
import { parsePlanText } from "../../tools/migration/cutover/plan/load-plan.ts";
import { RunState } from "../../tools/migration/cutover/state/run-state.ts";
import type { JsonObject } from "../../tools/migration/model/json.ts";
import type { Practice } from "./practice.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** Something that a person is asked for, as the driver prints it. */
export interface Asked {
  readonly about: string;
  readonly role: string;
  /** What may be said. */
  readonly choices: readonly string[];
  readonly fields: readonly string[];
  /** Why it holds; empty for an acknowledgement. */
  readonly reason: string;
}

/** What a person says, and after how long; undefined = nothing. */
export interface Said {
  readonly say: string;
  /** Who says it, where anybody may. */
  readonly role?: string;
  readonly afterMs?: number;
  readonly reason?: string;
  readonly fields?: Readonly<Record<string, string>>;
}

/** How a run is played. */
export interface Script {
  /** Answers of the people of the plan; the cautious default approves everything. */
  readonly answer?: (asked: Asked, stage: Stage) => Said | undefined;
  /** Told of every record; makes the world misbehave at the right moment. */
  readonly onRecord?: (record: JournalRecord, stage: Stage) => void;
  /** The driver ended with HOLD; true once somebody has dealt with it, and the run goes on. */
  readonly onHold?: (reason: string, stage: Stage) => boolean;
  /** Goes on with what a killed driver left, as far as it had come. */
  readonly isResumed?: boolean;
}

/** What a script can act on. */
export interface Stage {
  readonly practice: Practice;
  readonly clock: VirtualClock;
  readonly run: Run;
  /** Asks the run for something, as another command does. */
  readonly request: (command: string, body: JsonObject) => void;
}

/** What came of a run. */
export interface Played {
  readonly outcome: string;
  readonly reason: string | null;
  readonly complete: boolean;
  readonly closable: boolean;
  readonly records: readonly JournalRecord[];
  readonly lines: readonly string[];
  readonly effects: readonly string[];
  readonly virtualMs: number;
}

const LEAD_MS = 61 * 60_000;
const NEED_REASON = new Set(["hold", "rollback", "rollback-phase", "override", "abort", "end", "done?"]);

/** Plays a plan on its estate with a clock that waits for nothing but real work. */
export async function play(practice: Practice, script: Script = {}): Promise<Played> {
  const left = script.isResumed === true ? recordsLeft(practice) : [];
  const clock = new VirtualClock(timeAfter(left));
  const lines: string[] = [];
  const state: { stage?: Stage } = {};
  const say = (line: string): void => {
    const before = lines.at(-1) ?? "";
    lines.push(line);
    const { stage } = state;
    if (stage !== undefined) for (const asked of askedIn(line, before)) answer(stage, script, asked);
  };
  const { env } = practice.estate;
  const before = Object.keys(env).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, env);
  try {
    const options = optionsOf(practice, clock, say);
    const isOpen = left.some(({ type }) => type === (practice.plan === "step22" ? "run.armed" : "run.start"));
    const { end, isOver } = RunState.of(left);
    if (isOpen && end !== undefined && isOver) {
      return { ...end, records: left, lines, effects: practice.estate.effects(), virtualMs: 0 };
    }
    let run = isOpen ? resumeRun(options, undefined) : await open(practice, options);
    for (;;) {
      const stage = stageOf(practice, clock, run);
      state.stage = stage;
      for (const record of left.splice(0)) script.onRecord?.(record, stage);
      hear(run, clock, (record) => script.onRecord?.(record, stage));
      const { outcome, reason } = await drive(run);
      const { complete = false, closable = false } = run.state.end ?? {};
      const records = [...run.parts.journal.records];
      await run.close();
      const effects = practice.estate.effects();
      const isOver = outcome !== "HOLD" || script.onHold?.(reason ?? "", stage) !== true;
      if (isOver) return { outcome, reason, complete, closable, records, lines, effects, virtualMs: clock.monoMs() };
      run = resumeRun(options, run.parts.directory.id);
    }
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await clock.stop();
  }
}

/** What a killed driver has written down; nothing where it had not come to a run. */
function recordsLeft({ estate }: Practice): JournalRecord[] {
  const runs = listRuns(estate.project).map((id) => readJournal(openRunDirectory(estate.project, id)).records);
  return [...(runs.findLast((records) => records.length > 0) ?? [])];
}

/** Time goes on where it stood. */
function timeAfter(records: readonly JournalRecord[]): Date {
  const last = records.at(-1);
  return last === undefined ? new Date() : new Date(last.at);
}

function optionsOf({ plan, estate }: Practice, clock: VirtualClock, say: (line: string) => void): DriverOptions {
  const never = new AbortController().signal;
  return {
    root: estate.project,
    clock,
    environment: { ...process.env, ...estate.env },
    command: `drill ${plan}`,
    driver: "candor drill",
    exitOnHold: false,
    until: undefined,
    interrupted: never,
    hurried: never,
    say,
  };
}

async function open(practice: Practice, options: DriverOptions): Promise<Run> {
  const file = `migration/cutover/${practice.plan}.yaml`;
  const plan = parsePlanText(readFileSync(file, "utf8"), file, practice.estate.project);
  const given = {
    vars: new Map(Object.entries(practice.vars).map(([name, value]) => [name, [value].flat().join(",")])),
    roles: new Map(Object.entries(practice.roles)),
  };
  if (plan.timeline.length === 0) return startRun(options, { plan, file }, given, {});
  const t0 = new Date(options.clock.wall().getTime() + LEAD_MS).toISOString();
  return resumeRun(options, await arm(options, { plan, file }, given, { t0 }));
}

function stageOf(practice: Practice, clock: VirtualClock, run: Run): Stage {
  const request = (command: string, body: JsonObject): void => {
    putRequest(run.parts.directory, clock, { command, body });
  };
  return { practice, clock, run, request };
}

/** Lets the script hear every record, and keeps the clock still while a pattern is looked for. */
function hear(run: Run, clock: VirtualClock, heard: (record: JournalRecord) => void): void {
  for (const name of ["record", "urgent"] as const) {
    const write = run[name].bind(run);
    run[name] = (body) => {
      const record = write(body);
      heard(record);
      return record;
    };
  }
  const look = run.regex.run.bind(run.regex);
  run.regex.run = (job) => clock.during(look(job));
}

/** Reads on the screen what persons are asked for, as they would. */
function askedIn(line: string, before: string): readonly Asked[] {
  const reason = /^HOLD \S+: (.*)$/.exec(before)?.[1] ?? "";
  return [...line.matchAll(/cutover sign --role (\S+) --say (\S+) --for (\S+)((?: --field \S+)*)/g)].map((match) => ({
    role: match[1] ?? "",
    choices: (match[2] ?? "").split("|"),
    about: match[3] ?? "",
    reason,
    fields: [...(match[4] ?? "").matchAll(/--field ([a-z0-9_]+)=/g)].map((field) => field[1] ?? ""),
  }));
}

function answer(stage: Stage, script: Script, asked: Asked): void {
  const said = (script.answer ?? approve)(asked, stage);
  if (said === undefined) return;
  const anybody = said.role ?? [...stage.run.parts.bound.roles.keys()][0] ?? "";
  const role = asked.role === "ROLE" ? anybody : asked.role;
  const fields = said.fields ?? Object.fromEntries(asked.fields.map((field) => [field, `${field}-1`]));
  stage.clock.after(said.afterMs ?? 1000, () => sign(stage, { ...said, about: asked.about, role, fields }));
}

/** Puts a signature into the inbox of a run, by the first person who holds the role. */
export function sign(stage: Stage, said: Said & { readonly about: string; readonly role: string }): void {
  const { about, role, say, fields = {} } = said;
  const name = stage.run.parts.bound.roles.get(role)?.[0] ?? "";
  const reason = said.reason ?? (NEED_REASON.has(say) ? "drill" : "");
  stage.request("sign", { about, role, name, say, reason, fields });
}

/** Says done, go or keep to whatever is asked, and nothing to a HOLD but that of a final step. */
export function approve(asked: Asked): Said | undefined {
  const final = /there is no go .* \((\S+)\)$/.exec(asked.reason)?.[1];
  if (final !== undefined) return { say: "go", role: final };
  const say = ["done", "go", "keep"].find((choice) => asked.choices.includes(choice));
  return say === undefined || asked.role === "ROLE" ? undefined : { say };
}
