import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Test } from "tap";
import { startRun } from "../../tools/migration/cutover/engine/arm.ts";
import { drive } from "../../tools/migration/cutover/engine/drive.ts";
import type { Ending } from "../../tools/migration/cutover/engine/ending.ts";
import { type DriverOptions, openRun } from "../../tools/migration/cutover/engine/open-run.ts";
import type { Run } from "../../tools/migration/cutover/engine/run.ts";
import { putRequest } from "../../tools/migration/cutover/journal/inbox.ts";
import { readJournal } from "../../tools/migration/cutover/journal/read-journal.ts";
import type { JournalRecord, RecordOf, RecordType } from "../../tools/migration/cutover/journal/record.ts";
import { openRunDirectory } from "../../tools/migration/cutover/journal/run-directory.ts";
import { parsePlanText } from "../../tools/migration/cutover/plan/load-plan.ts";
import type { SshPatience } from "../../tools/migration/cutover/process/command.ts";
import type { Clock } from "../../tools/migration/cutover/time/clock.ts";
import type { JsonObject } from "../../tools/migration/model/json.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** A project in which plans run, and what its commands did: each writes a line into `effects`. */
export interface CutoverProject {
  readonly root: string;
  readonly effects: () => readonly string[];
  readonly records: (run?: string) => readonly JournalRecord[];
}

/** An empty project. */
export function cutoverProject(t: Test): CutoverProject {
  const root = t.testdir();
  mkdirSync(join(root, "migration"));
  writeFileSync(join(root, "migration/migration.json"), "{}");
  writeFileSync(join(root, "effects"), "");
  return {
    root,
    effects: () => readFileSync(join(root, "effects"), "utf8").split("\n").slice(0, -1),
    records: (run = "demo-1") => readJournal(openRunDirectory(root, run)).records,
  };
}

/** A plan named DEMO with one role; `body` is the rest. */
export function demoPlan(body: string): string {
  return `cutover: 1\nid: DEMO\nowner: ana\nroles: {operator: ana, reviewer: bea}\n${body}`;
}

/** What a test may do to a run while it goes on. */
export interface Playing {
  readonly run: Run;
  readonly clock: Clock;
  readonly said: readonly string[];
  /** Puts a request into the inbox, as another command does. */
  readonly ask: (command: string, body: JsonObject) => void;
  readonly sign: (say: string, about: string, more?: JsonObject) => void;
}

/** How a plan is played. */
export interface Play {
  readonly vars?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly exitOnHold?: boolean;
  readonly clock?: Clock;
  readonly ssh?: SshPatience;
  /** Goes on with this run instead of starting one. */
  readonly resume?: string;
  readonly prepare?: (run: Run) => void;
  readonly meanwhile?: (playing: Playing) => Promise<void> | void;
}

/** Drives a plan to its end with a clock that jumps; the ending and everything that was said. */
export async function play(
  project: CutoverProject,
  text: string,
  { vars = {}, environment = {}, exitOnHold = false, ssh, resume, prepare, meanwhile, clock: given }: Play = {},
): Promise<{ ending: Ending; said: readonly string[] }> {
  const clock = given ?? new VirtualClock();
  const said: string[] = [];
  const interrupted = new AbortController();
  const options: DriverOptions = {
    root: project.root,
    clock,
    environment,
    command: "cutover run",
    driver: "candor test",
    exitOnHold,
    until: undefined,
    interrupted: interrupted.signal,
    hurried: new AbortController().signal,
    say: (line) => said.push(line),
    ...(ssh === undefined ? {} : { ssh }),
  };
  const run = opened(clock, () =>
    resume === undefined
      ? startRun(
          options,
          { plan: parsePlanText(text, "plan.yaml"), file: "plan.yaml" },
          { vars: new Map(Object.entries(vars)), roles: new Map() },
          {},
        )
      : openRun(options, resume),
  );
  prepare?.(run);
  const ask = (command: string, body: JsonObject): void => {
    putRequest(run.parts.directory, clock, { command, body });
  };
  const sign = (say: string, about: string, more: JsonObject = {}): void =>
    ask("sign", { role: "operator", name: "ana", say, about, reason: "test", ...more });
  try {
    const driving = drive(run);
    const failed = Promise.resolve(meanwhile?.({ run, clock, said, ask, sign })).then(() => driving);
    return { ending: await Promise.race([driving, failed]), said };
  } finally {
    if (clock instanceof VirtualClock) clock.end();
    await run.close();
  }
}

/** What a driver is started with, outside of `play`; `end` ends its clock. */
export function driverFor(
  project: CutoverProject,
  say: (line: string) => void = () => {},
): { readonly options: DriverOptions; readonly clock: VirtualClock; readonly end: () => void } {
  const clock = new VirtualClock();
  const never = new AbortController().signal;
  const options: DriverOptions = {
    root: project.root,
    clock,
    environment: {},
    command: "cutover resume",
    driver: "candor test",
    exitOnHold: false,
    until: undefined,
    interrupted: never,
    hurried: never,
    say,
  };
  return { options, clock, end: () => clock.end() };
}

/** A clock of which nobody makes use would keep the process alive. */
function opened(clock: Clock, open: () => Run): Run {
  try {
    return open();
  } catch (error) {
    if (clock instanceof VirtualClock) clock.end();
    throw error;
  }
}

/** The records of one type. */
export function only<Type extends RecordType>(
  records: readonly JournalRecord[],
  type: Type,
): readonly (JournalRecord & RecordOf<Type>)[] {
  return records.filter((record): record is JournalRecord & RecordOf<Type> => record.type === type);
}
