import { execFile } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, relative, resolve } from "node:path";
import { verifyRun } from "../../tools/migration/cutover/documents/verify-run.ts";
import { readJournal } from "../../tools/migration/cutover/journal/read-journal.ts";
import { listRuns, openRunDirectory, type RunDirectory } from "../../tools/migration/cutover/journal/run-directory.ts";
import { type Attempt, RunState } from "../../tools/migration/cutover/state/run-state.ts";
import { makeRemovable } from "../helpers/release.ts";
import type { CrashWay } from "./crash-plays.ts";
import { LAYERS } from "./lay.ts";
import type { Practice } from "./practice.ts";

const CHILD = resolve("build/test/estate/crash-child.js");
/** Folders of an estate that a run changes. */
const FOLDERS = ["project", "hosts", "state"];

/** How a driver ended. */
export interface Driven {
  readonly signal: string | null;
  readonly code: number | null;
  readonly output: string;
}

/** A world that is laid once, and brought back to its beginning as often as it takes. */
export class CrashWorld {
  readonly practice: Practice;
  readonly #kept: string;

  private constructor(practice: Practice) {
    this.practice = practice;
    this.#kept = `${practice.estate.dir}.kept`;
    const { estate, ...laid } = practice;
    writeFileSync(join(estate.dir, "practice.json"), JSON.stringify(laid));
    for (const name of FOLDERS) copy(join(estate.dir, name), join(this.#kept, name));
  }

  static async lay(plan: Practice["plan"], dir: string): Promise<CrashWorld> {
    return new CrashWorld(await LAYERS[plan](dir));
  }

  /** Everything as it was laid, the services too. */
  restore(): void {
    const { estate } = this.practice;
    const running = join(estate.dir, "state/running");
    const before = containers(join(this.#kept, "state/running"));
    const now = containers(running);
    const strangers = [...now].filter(([name, { pid }]) => before.get(name)?.pid !== pid).map(([, { pid }]) => pid);
    for (const pid of strangers) tryKill(pid);
    while (strangers.some(isAlive)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    for (const name of FOLDERS) replace(join(this.#kept, name), join(estate.dir, name));
    const gone = [...before].filter(([, { pid }]) => !isAlive(pid)).map(([name]) => name);
    for (const name of gone) rmSync(join(running, name));
    for (const stack of new Set(gone.map((name) => stackOf(estate.dir, name)))) {
      const [host = "", folder = ""] = stack.split("/");
      const at = join(estate.dir, "stacks", folder);
      estate.run(host, `mkdir -p "${at}" && cd "${at}" && docker compose up -d`);
    }
    if (gone.length === 0) return;
    for (const name of gone) copy(join(running, name), join(this.#kept, "state/running", name));
    estate.write("effects.log", "");
  }

  /** Drives the plan in another process. */
  drive(
    way: CrashWay,
    how: { readonly resume?: boolean; readonly at?: string; readonly log?: string },
  ): Promise<Driven> {
    const env = {
      PATH: process.env["PATH"],
      ...(how.at === undefined ? {} : { CUTOVER_CRASH_AT: how.at }),
      ...(how.log === undefined ? {} : { CUTOVER_CRASH_LOG: how.log }),
    };
    const args = [CHILD, this.practice.estate.dir, way, how.resume === true ? "resume" : ""];
    rmSync(join(this.practice.estate.dir, "played.json"), { force: true });
    return new Promise((done) => {
      execFile(process.execPath, args, { env, timeout: 300_000 }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : null;
        done({ signal: error?.signal ?? null, code, output: stdout + stderr });
      });
    });
  }

  /** Half a record behind the journal, as a write leaves it that was cut off (F07). */
  tear(): void {
    const run = this.#run();
    if (run !== undefined) appendFileSync(run.journal, '{"at":"2026-03-14T02:');
  }

  /** Everything that must be the same, whatever happened to the drivers. */
  end(): string {
    const { estate } = this.practice;
    const run = this.#run();
    const played = join(estate.dir, "played.json");
    const {
      lines: _,
      reason: __,
      ...outcome
    } = existsSync(played) ? JSON.parse(readFileSync(played, "utf8")) : { lines: [] };
    const facts = {
      outcome,
      effects: estate.effects(),
      containers: [...containers(join(estate.dir, "state/running"))].map(([name, { image }]) => `${name} ${image}`),
      files: filesOf(estate.dir),
      run: run === undefined ? "none" : factsOf(estate.project, run),
    };
    return JSON.stringify(facts, undefined, 1);
  }

  close(): void {
    this.practice.estate.close();
    for (const dir of [this.practice.estate.dir, this.#kept]) {
      makeRemovable(dir);
      rmSync(dir, { recursive: true, force: true });
    }
  }

  #run(): RunDirectory | undefined {
    const { project } = this.practice.estate;
    const id = listRuns(project).at(-1);
    return id === undefined ? undefined : openRunDirectory(project, id);
  }
}

/** What the journal says of the run, without what a kill may change: numbers, times, attempts. */
function factsOf(root: string, run: RunDirectory): object {
  const { records } = readJournal(run);
  const state = RunState.of(records);
  // A person who has looked may say that something is done of which no driver saw the end.
  const resultOf = ({ key, end, seq }: Attempt): string =>
    state.decision(key, ["done"], seq) === undefined ? String(end?.result) : "done";
  const steps = new Map(state.attempts.map((one) => [one.key, `${resultOf(one)} ${one.isUndone}`]));
  const causes = records.flatMap((record) => (record.type === "escalation" ? [record.data.cause] : []));
  return {
    steps: Object.fromEntries(steps),
    undos: [...state.undos].map(([name, { end }]) => `${name} ${end?.result}`),
    phases: [...state.phases].map(([name, { status }]) => `${name} ${status}`),
    gates: [...state.gates].map(([name, { verdict }]) => `${name} ${verdict}`),
    ticks: [...state.ticks.keys()],
    saved: Object.fromEntries([...state.saved].sort()),
    baseline: state.baseline?.values.map(({ check, item, verdict }) => `${check} ${item} ${verdict}`),
    told: [...new Set(causes.flatMap((cause) => TOLD.exec(cause)?.[0] ?? []))].sort(),
    skipped: [...state.skips.keys()],
    verified: verifyRun(root, run.id, {}).problems,
  };
}

/** What is told in any case; whether a stop or a checkpoint sees a fault first is a matter of moments. */
const TOLD = /^(HOLD (?!e2e)\S+|rollback of \S+|ROLLBACK_FAILED|ABORTED)/;

function filesOf(dir: string): readonly string[] {
  const found: string[] = [];
  const walk = (folder: string): void => {
    for (const name of readdirSync(folder).sort()) {
      const path = join(folder, name);
      const shown = relative(dir, path);
      if (LEFT_OUT.test(shown)) continue;
      const at = lstatSync(path);
      if (at.isSymbolicLink()) found.push(`${shown} -> ${readlinkSync(path)}`);
      else if (at.isDirectory()) walk(path);
      else found.push(`${shown} ${at.size}`);
    }
  };
  for (const name of FOLDERS) walk(join(dir, name));
  return found;
}

/** What holds times, process ids or counts of reads. */
const LEFT_OUT =
  /^project\/storage_reports\/(?!cutover-target)|\.git$|\/\.cutover$|escalations\.jsonl$|\/releases\/flips$|^state\/(running|ready|effects\.log|services\.log|ops\/runs)/;

interface Container {
  readonly pid: number;
  readonly image: string;
}

/** Containers by `<host>/<name>`. */
function containers(running: string): ReadonlyMap<string, Container> {
  if (!existsSync(running)) return new Map();
  const names = readdirSync(running).flatMap((host) => readdirSync(join(running, host)).map((one) => `${host}/${one}`));
  return new Map(
    names.sort().map((name) => {
      const [pid, image = ""] = readFileSync(join(running, name), "utf8").split(" ");
      return [name, { pid: Number(pid), image }];
    }),
  );
}

/** `<host>/<stack>` of a container by its name. */
function stackOf(dir: string, container: string): string {
  const [host = "", name = ""] = container.split("/");
  const stacks = join(dir, "state/stacks", host);
  const found = readdirSync(stacks).find((stack) =>
    readFileSync(join(stacks, stack), "utf8")
      .split("\n")
      .some((line) => line.startsWith(`${name} `) && line.includes(":old ")),
  );
  if (found === undefined) throw new Error(`no stack has ${container}`);
  return `${host}/${found}`;
}

function replace(from: string, to: string): void {
  makeRemovable(to);
  for (const name of readdirSync(to)) {
    // Its services end where this file is not there.
    if (name !== "effects.log") rmSync(join(to, name), { recursive: true, force: true });
  }
  copy(from, to);
}

function copy(from: string, to: string): void {
  cpSync(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
