import { existsSync } from "node:fs";
import { join } from "node:path";
import { readRun } from "../checks/run-check.ts";
import { PROJECT, under } from "../config/paths.ts";
import { loadProject, type Project } from "../config/project.ts";
import { MigrationError } from "../model/errors.ts";
import { strangers } from "../stores/copy-tree.ts";
import { lastFlips } from "../stores/flip-log.ts";
import { assertTarget, readLink } from "../stores/live-link.ts";
import { resolvesInto } from "../stores/pointer.ts";
import { ReleaseStore, readReleaseRecord } from "../stores/release-store.ts";
import type { Context } from "./context.ts";
import { scan, VERIFY_LEVELS } from "./scan.ts";

/** The store of releases of a project. */
export function releaseStore(context: Context, onStep?: (step: string) => void): ReleaseStore {
  return new ReleaseStore(join(context.root, PROJECT.releases), onStep);
}

/** The run root that the candidate at `path` gives itself; undefined where it has no run.json of our form. */
export function rootOf(path: string): string | undefined {
  return existsSync(path) ? readRun(path, () => {})?.root : undefined;
}

/** What is verified, and how much of it is read. */
export interface RootCheck {
  readonly path: string;
  readonly root: string;
  readonly command: string;
  readonly shown: string;
  readonly level: "quick" | "verify";
}

/** Reads a candidate or release and finds exactly this root; NOT_PROVED else. */
export async function verifyRoot(context: Context, check: RootCheck): Promise<void> {
  const { path, root, command, shown, level } = check;
  const checks = VERIFY_LEVELS[level];
  const outcome = await scan(context, { command, runId: command, input: path, modules: [], checks, level });
  const { totalBlockers, unverified, root: found } = outcome.summary;
  if (totalBlockers === 0 && unverified.length === 0 && found === root) return;
  throw new MigrationError("NOT_PROVED", {
    message: `${shown} is not what its name says: expected the root ${root}, got ${found ?? "none"} and ${totalBlockers} BLOCKER.`,
    remedy: `Read ${outcome.report}/findings.jsonl. \`candor promote --replace\` makes a release anew that no pointer needs.`,
  });
}

/** Refuses a release that is not there, or that has other owners or further names than were decided. */
export function assertReleaseForm(store: ReleaseStore, root: string): void {
  const path = store.path(root);
  const record = store.has(root) ? readReleaseRecord(path) : undefined;
  if (record === undefined) {
    throw new MigrationError("TARGET_UNFIT", {
      message: `There is no release ${root} in ${PROJECT.releases}.`,
      remedy: "`candor promote` makes one from the candidate.",
    });
  }
  const others = strangers(path, record);
  if (others.length === 0) return;
  throw new MigrationError("NOT_PROVED", {
    message: `The release ${root} has ${others.length} files or folders with another owner, or with a second name (hard link).`,
    problems: others.slice(0, 20),
    remedy: "Find out who changed them; `candor promote --replace` makes a release anew that no pointer needs.",
  });
}

/** Roots of releases that a pointer leads to, or that the last flip of a link came from or went to. */
export function rootsInUse(context: Context, store: ReleaseStore): ReadonlySet<string> {
  const project = loadProject(context.root);
  const pointer = under(project.root, project.pointer);
  const inUse = new Set<string>();
  const links = lastFlips(store.flips);
  for (const root of store.roots()) {
    const path = store.path(root);
    if ([pointer, ...links.keys()].some((link) => resolvesInto(under(project.root, link), path))) inUse.add(root);
    for (const { link, from, to } of links.values()) {
      if ([from, to].some((value) => value !== null && leadsTo(under(project.root, link), value, path)))
        inUse.add(root);
    }
  }
  return inUse;
}

function leadsTo(link: string, value: string, path: string): boolean {
  try {
    return resolvesInto(assertTarget(link, value), path);
  } catch {
    return false;
  }
}

/** Where the live pointer is, and what it holds. */
export function livePointer(project: Project): { readonly link: string; readonly value: string | null } {
  const link = under(project.root, project.pointer);
  return { link, value: readLink(link) };
}
