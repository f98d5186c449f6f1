import { ownerState } from "../../stores/owner.ts";
import { driverOf } from "../journal/driver-lock.ts";
import { readJournal } from "../journal/read-journal.ts";
import { listRuns, openRunDirectory } from "../journal/run-directory.ts";
import { RunState } from "./run-state.ts";

/** What a run is doing, for people and machines; read from the journal, nothing is asked. */
export interface RunStatus {
  readonly run: string;
  readonly plan: string;
  /** RUNNING, WAITING, PAUSED, HOLD, ROLLING_BACK, INTERRUPTED, or the outcome. */
  readonly state: string;
  readonly reason: string | null;
  readonly t0: string | null;
  readonly driver: {
    readonly pid: number;
    readonly host: string;
    readonly since: string;
    readonly state: string;
  } | null;
  readonly hold: { readonly subject: string; readonly reason: string; readonly choices: readonly string[] } | null;
  readonly waitingFor: string | null;
  readonly phases: Readonly<Record<string, string>>;
  readonly steps: {
    readonly done: number;
    readonly failed: number;
    readonly unknown: number;
    readonly running: number;
    readonly skipped: number;
  };
  readonly gates: Readonly<Record<string, string>>;
  readonly ticks: Readonly<Record<string, string>>;
  readonly fired: readonly { readonly stop: string; readonly action: string; readonly acted: boolean }[];
  /** Undos of a failed rollback that were not done. */
  readonly left: readonly string[];
  readonly head: { readonly seq: number; readonly hash: string };
}

/** The status of one run. */
export function statusOf(root: string, id: string): RunStatus {
  const directory = openRunDirectory(root, id);
  const { records, head } = readJournal(directory);
  const state = RunState.of(records);
  const driver = driverOf(directory);
  const waiting = records.findLast((record) => record.type === "run.state");
  const isWaiting = state.mode === "WAITING" && waiting?.type === "run.state";
  return {
    run: id,
    plan: state.start?.plan ?? "",
    state: state.mode,
    reason: state.end?.reason ?? state.hold?.reason ?? null,
    t0: state.t0 ?? null,
    driver:
      driver === undefined
        ? null
        : { pid: driver.pid, host: driver.host, since: driver.since, state: ownerState(driver) },
    hold:
      state.hold === undefined
        ? null
        : { subject: state.hold.subject, reason: state.hold.reason, choices: state.hold.choices },
    waitingFor: isWaiting ? `${waiting.step}: ${waiting.data.reason}` : null,
    phases: Object.fromEntries([...state.phases].map(([name, { status }]) => [name, status])),
    steps: countSteps(state),
    gates: Object.fromEntries([...state.gates].map(([name, { verdict }]) => [name, verdict])),
    ticks: Object.fromEntries(
      [...state.ticks].map(([name, { verdict, late }]) => [name, late ? `${verdict} late` : verdict]),
    ),
    fired: state.fires.map(({ stop, action, acted }) => ({ stop, action, acted })),
    left: state.rollback?.result === "failed" ? state.rollback.left : [],
    head,
  };
}

/** The status of every run, the open ones last. */
export function allStatus(root: string): readonly RunStatus[] {
  return listRuns(root).map((id) => statusOf(root, id));
}

function countSteps(state: RunState): RunStatus["steps"] {
  const last = state.attempts.filter((attempt) => state.lastAttempt(attempt.key) === attempt);
  const count = (result: string | undefined): number => last.filter((attempt) => attempt.end?.result === result).length;
  return {
    done: count("done"),
    failed: count("failed"),
    unknown: count("unknown"),
    running: count(undefined),
    skipped: state.skips.size,
  };
}
