import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { PROJECT, under } from "../config/paths.ts";
import { loadProject } from "../config/project.ts";
import { MigrationError } from "../model/errors.ts";
import { CandidateFolder } from "../stores/candidate-folder.ts";
import { resolvesInto } from "../stores/pointer.ts";
import { acquireLock } from "../stores/store-lock.ts";
import type { Context } from "./context.ts";
import { releaseStore, rootOf, rootsInUse } from "./releases.ts";
import { scan, VERIFY_CHECKS } from "./scan.ts";

/** The candidate that `restore` brought back. */
export interface Restored {
  readonly root: string;
}

/** Verifies the previous candidate and makes it v1 again; with `swap` the present one becomes the previous. */
export async function restore(context: Context, options: { readonly swap: boolean }): Promise<Restored> {
  const folder = openFolder(context, "restore");
  return locked(folder, "restore", async () => {
    refuseLive(context, folder);
    const root = existsSync(folder.previous) ? await verifyPrevious(context) : "";
    folder.restore({ swap: options.swap });
    return { root };
  });
}

/** Something that `prune` removed: its path in the project, and the bytes it took. */
export interface Removed {
  readonly name: string;
  readonly bytes: number;
}

/** Removes the previous candidate and leftovers of dead runs, with `releases` also releases that nobody needs. */
export async function prune(context: Context, options: { readonly releases: boolean }): Promise<readonly Removed[]> {
  const folder = openFolder(context, "prune");
  return locked(folder, "prune", async () => {
    refuseLiveGeneration(context, folder);
    const removed = folder.prune();
    const releases = options.releases ? pruneReleases(context, folder) : [];
    return [...removed.map(({ name, bytes }) => ({ name: `${PROJECT.candidates}/${name}`, bytes })), ...releases];
  });
}

/** Keeps what a pointer leads to, what the last flip of each link came from, and the release of the present candidate. */
function pruneReleases(context: Context, folder: CandidateFolder): readonly Removed[] {
  const store = releaseStore(context);
  store.prepare();
  const lock = acquireLock(store.dir, "prune", "folder of releases");
  try {
    // Held against a flip, which would make a release live that was not so a moment ago.
    const flips = acquireLock(dirname(store.flips), "prune", "live pointer");
    try {
      const kept = new Set([...rootsInUse(context, store), rootOf(folder.candidate)]);
      store.sweep();
      const unused = store.roots().filter((root) => !kept.has(root));
      return unused.map((root) => ({ name: `${PROJECT.releases}/${root}`, bytes: store.remove(root) }));
    } finally {
      flips.release();
    }
  } finally {
    lock.release();
  }
}

function refuseLiveGeneration(context: Context, folder: CandidateFolder): void {
  const project = loadProject(context.root);
  if (!existsSync(folder.candidate) || !resolvesInto(under(project.root, project.pointer), folder.previous)) return;
  throw new MigrationError("LIVE_POINTER", {
    message: `The live pointer ${project.pointer} resolves into ${PROJECT.candidates}/.previous, which this would remove.`,
    remedy: `Point ${project.pointer} elsewhere first.`,
  });
}

function openFolder(context: Context, command: string): CandidateFolder {
  loadProject(context.root);
  return new CandidateFolder(join(context.root, PROJECT.candidates), { command });
}

async function locked<T>(folder: CandidateFolder, command: string, action: () => Promise<T>): Promise<T> {
  folder.prepare();
  const lock = acquireLock(folder.dir, command);
  try {
    return await action();
  } finally {
    lock.release();
  }
}

/** A damaged generation must not come back under the name of a proved one. */
async function verifyPrevious(context: Context): Promise<string> {
  const outcome = await scan(context, {
    command: "restore",
    runId: "restore",
    input: `${PROJECT.candidates}/.previous`,
    modules: [],
    checks: VERIFY_CHECKS,
    level: "verify",
    workers: 0,
  });
  const { totalBlockers, unverified, root } = outcome.summary;
  if (totalBlockers === 0 && unverified.length === 0 && root !== undefined) return root;
  throw new MigrationError("UNVERIFIABLE", {
    message: `The previous candidate does not verify (${totalBlockers} BLOCKER); it was not restored.`,
    remedy: `Read ${outcome.report}/findings.jsonl, then \`candor migrate\` to build a new one.`,
  });
}

function refuseLive(context: Context, folder: CandidateFolder): void {
  const project = loadProject(context.root);
  if (!existsSync(folder.candidate) || !resolvesInto(under(project.root, project.pointer), folder.candidate)) return;
  throw new MigrationError("LIVE_POINTER", {
    message: `The live pointer ${project.pointer} resolves into ${PROJECT.candidates}/v1; exchanging it would change data under its readers.`,
    remedy: `Point ${project.pointer} elsewhere first.`,
  });
}
