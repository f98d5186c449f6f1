import { existsSync } from "node:fs";
import { join } from "node:path";
import { PROJECT, under } from "../config/paths.ts";
import { loadProject } from "../config/project.ts";
import { MigrationError } from "../model/errors.ts";
import { CandidateFolder } from "../stores/candidate-folder.ts";
import { resolvesInto } from "../stores/pointer.ts";
import { acquireLock } from "../stores/store-lock.ts";
import type { Context } from "./context.ts";
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

/** Removes the previous candidate and leftovers of dead runs; what it removed. */
export async function prune(context: Context): Promise<readonly { readonly name: string; readonly bytes: number }[]> {
  const folder = openFolder(context, "prune");
  return locked(folder, "prune", async () => folder.prune());
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
