import { statSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../config/paths.ts";
import { loadProject } from "../config/project.ts";
import { MigrationError } from "../model/errors.ts";
import { CandidateFolder } from "../stores/candidate-folder.ts";
import { setAccess } from "../stores/copy-tree.ts";
import { assertDiskSpace } from "../stores/disk.ts";
import { measureTree } from "../stores/folder-tree.ts";
import { DIRECTORY_MODE, FILE_MODE } from "../stores/module-files.ts";
import { modesFrom, type ReleaseStore } from "../stores/release-store.ts";
import { acquireLock } from "../stores/store-lock.ts";
import { type Context, turn } from "./context.ts";
import { assertReleaseForm, type RootCheck, releaseStore, rootOf, rootsInUse, verifyRoot } from "./releases.ts";

/** How a release is made. */
export interface PromoteOptions {
  /** The root that the candidate must have; undefined takes the one it has. */
  readonly root: string | undefined;
  /** Makes a release anew that does not verify, unless a pointer needs it. */
  readonly replace: boolean;
  /** Told after every change on disk; tests stop the process there. */
  readonly onStep?: (step: string) => void;
}

/** A release that is there, whole and verified. */
export interface Promoted {
  readonly root: string;
  /** Folder of the release, relative to the project. */
  readonly release: string;
  /** False where it was there before. */
  readonly made: boolean;
}

/** Room that is kept free beside a release, in bytes. */
const SPARE_BYTES = 16 * 1024 * 1024;

/**
 * Makes the immutable release `storage/releases/<root>` from the candidate: copied without sharing a file, every byte of
 * the copy verified, owner, group and mode as live.json decides, shown under its name only when it is whole. Doing it
 * again verifies the release that is there.
 */
export async function promote(context: Context, options: PromoteOptions): Promise<Promoted> {
  loadProject(context.root);
  const candidates = new CandidateFolder(join(context.root, PROJECT.candidates), { command: "promote" });
  const store = releaseStore(context, options.onStep);
  candidates.prepare();
  store.prepare();
  // Held against a migrate, which would retire the candidate while it is read.
  const candidateLock = acquireLock(candidates.dir, "promote");
  try {
    const root = assertCandidateRoot(candidates, options.root);
    const lock = acquireLock(store.dir, "promote", "folder of releases");
    try {
      store.sweep();
      if (options.replace) await removeDamaged(context, store, root);
      const made = !store.has(root);
      if (made) await make(context, store, candidates.candidate, root);
      // The bytes of a new one were read back before it got its name; its modes and owners are looked at now.
      await verifyRelease(context, store, root, "promote", made ? "quick" : "verify");
      return { root, release: `${PROJECT.releases}/${root}`, made };
    } finally {
      lock.release();
    }
  } finally {
    candidateLock.release();
  }
}

/** Reads a whole release: its bytes, root, modes, owners and names; NOT_PROVED or TARGET_UNFIT where it is not right. */
export async function verifyRelease(
  context: Context,
  store: ReleaseStore,
  root: string,
  command: string,
  level: RootCheck["level"] = "verify",
): Promise<void> {
  assertReleaseForm(store, root);
  await verifyRoot(context, { path: store.path(root), root, command, level, shown: `${PROJECT.releases}/${root}` });
}

async function make(context: Context, store: ReleaseStore, candidate: string, root: string): Promise<void> {
  const { access } = loadProject(context.root);
  const modes = modesFrom(access.mode);
  assertDiskSpace(store.dir, measureTree(candidate).bytes + SPARE_BYTES, "Making the release");
  const check = { root, command: "promote", level: "verify" } as const;
  const build = await store.copy(candidate, { folderMode: DIRECTORY_MODE, fileMode: FILE_MODE }, () => turn(context));
  try {
    await verifyRoot(context, { ...check, path: build.path, shown: "The copy of the candidate" });
    const own = statSync(build.path);
    const { uid = own.uid, gid = own.gid } = access;
    setAccess(build.path, { folderMode: modes.folder, fileMode: modes.file, uid, gid });
    store.publish(build, { root, mode: access.mode, uid, gid });
  } catch (error) {
    store.discard(build);
    throw error;
  }
}

async function removeDamaged(context: Context, store: ReleaseStore, root: string): Promise<void> {
  if (!store.has(root)) return;
  try {
    await verifyRelease(context, store, root, "promote");
  } catch (error) {
    if (!(error instanceof MigrationError) || rootsInUse(context, store).has(root)) throw error;
    store.remove(root);
  }
}

function assertCandidateRoot(candidates: CandidateFolder, expected: string | undefined): string {
  const root = rootOf(candidates.candidate);
  if (root === undefined) {
    throw new MigrationError("CANDIDATE_MISSING", {
      message: `There is no candidate at ${PROJECT.candidates}/v1 to promote.`,
      remedy: "`candor migrate` builds one.",
    });
  }
  if (expected === undefined || expected === root) return root;
  throw new MigrationError("NOT_PROVED", {
    message: `The candidate has another root: expected ${expected}, got ${root}.`,
    remedy: "Promote the root that was scanned and signed, or scan this one and decide anew.",
  });
}
