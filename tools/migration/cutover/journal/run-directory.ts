import { chmodSync, existsSync, mkdirSync, readdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { MigrationError, systemCode } from "../../model/errors.ts";
import { fsyncDirectory, toStoreError } from "../../stores/atomic-file.ts";

/** Where the runs of a project are, relative to its root. */
export const RUNS = "storage_reports/cutover";
/** What a run id may be: safe as a file name on every host and as a word in a shell. */
export const RUN_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** The paths of one run; everything below `path` belongs to it alone. */
export interface RunDirectory {
  readonly id: string;
  readonly path: string;
  /** Exact bytes of the plan that the run was started with, and their SHA-256. */
  readonly plan: string;
  readonly planDigest: string;
  readonly journal: string;
  readonly head: string;
  /** Bytes that were cut off a torn journal. */
  readonly torn: string;
  /** Room that is given back when the disk is full. */
  readonly ballast: string;
  readonly lock: string;
  readonly fence: string;
  readonly inbox: string;
  readonly steps: string;
  readonly docs: string;
}

/** Makes the folder of a new run (0700), or takes what a driver left that was killed before its first record. */
export function createRunDirectory(root: string, id: string): RunDirectory {
  const run = pathsOf(root, id);
  try {
    for (const dir of ["storage_reports", RUNS]) makePrivate(join(root, dir));
    for (const dir of [run.path, run.inbox, run.steps, run.docs]) makePrivate(dir);
    fsyncDirectory(run.path);
    fsyncDirectory(join(root, RUNS));
  } catch (error) {
    throw toStoreError(error, "Making the folder of the run");
  }
  return run;
}

/** The folder of a run that is there; RUN_MISSING where it is not. One that has lost its journal is there: HEAD knows of it. */
export function openRunDirectory(root: string, id: string): RunDirectory {
  const run = pathsOf(root, id);
  if (hasRecords(run.path)) return run;
  throw new MigrationError("RUN_MISSING", {
    message: `There is no cutover run ${id} in ${RUNS}.`,
    remedy: `\`ls ${RUNS}\` shows the runs there are.`,
  });
}

/** Ids of all runs of a project, ascending. */
export function listRuns(root: string): readonly string[] {
  try {
    const found = readdirSync(join(root, RUNS), { withFileTypes: true }).filter((one) => one.isDirectory());
    return found
      .map(({ name }) => name)
      .filter((name) => hasRecords(join(root, RUNS, name)))
      .sort();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw toStoreError(error, "Listing the runs");
  }
}

function hasRecords(path: string): boolean {
  return ["journal.jsonl", "HEAD"].some((name) => existsSync(join(path, name)));
}

/** Folder of one attempt of one step, relative to the run: `steps/<number>-<name>.<attempt>`. */
export function attemptFolder(number: number, name: string, attempt: number): string {
  return `steps/${number}-${name}.${attempt}`;
}

const NETWORK_TYPES: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB"],
  [0x517b, "SMB"],
  [0x65735546, "FUSE"],
  [0x01021997, "9P"],
  [0x00c36400, "Ceph"],
  [0x5346414f, "AFS"],
]);

/** The kind of network or synced file system that `path` is on, or undefined: locks of two hosts meet there (F79). */
export function networkFolder(path: string): string | undefined {
  return NETWORK_TYPES.get(statfsSync(path).type >>> 0);
}

function pathsOf(root: string, id: string): RunDirectory {
  if (!RUN_ID.test(id)) {
    throw new MigrationError("USAGE", {
      message: `A run id is 1 to 100 letters, digits, dots, dashes or underscores, beginning with a letter or digit; got ${JSON.stringify(id)}.`,
    });
  }
  const path = join(root, RUNS, id);
  return {
    id,
    path,
    plan: join(path, "plan.yaml"),
    planDigest: join(path, "plan.sha256"),
    journal: join(path, "journal.jsonl"),
    head: join(path, "HEAD"),
    torn: join(path, "journal.torn"),
    ballast: join(path, "ballast"),
    lock: join(path, "lock"),
    fence: join(path, "fence"),
    inbox: join(path, "inbox"),
    steps: join(path, "steps"),
    docs: join(path, "docs"),
  };
}

/** A mode given to mkdir is cut by the umask, so it is set again. */
function makePrivate(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  chmodSync(dir, 0o700);
}
