import { existsSync, lstatSync, realpathSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { under } from "../config/paths.ts";
import { MigrationError } from "../model/errors.ts";
import { type AccessDifference, assertSameReaders } from "../stores/access.ts";
import { appendFlip } from "../stores/flip-log.ts";
import { assertTarget, type LinkValue, readLink, shown, swapLink } from "../stores/live-link.ts";
import { acquireLock } from "../stores/store-lock.ts";
import type { Context } from "./context.ts";
import { verifyRelease } from "./promote.ts";
import { releaseStore } from "./releases.ts";
import { passingScan, type ScanProof } from "./scan-proof.ts";

/** A flip of a link to the release of one root. */
export interface LinkFlip {
  /** Path of the link, relative to the project unless absolute. */
  readonly link: string;
  readonly root: string;
  /** How old the passing scan of that root may be, in milliseconds. */
  readonly scanAgeMs: number;
  readonly allow: readonly AccessDifference[];
}

/** What a flip will do, decided and checked; nothing has changed yet. */
export interface PreparedLinkFlip {
  /** Absolute path of the link. */
  readonly link: string;
  readonly from: LinkValue;
  readonly to: string;
  /** Where `to` leads, as an absolute path. */
  readonly target: string;
  readonly proof: ScanProof;
}

/** How the change itself is made. */
export interface SwapOptions {
  /** Names the temporary link: a run id, so that another try finds what a killed one left. */
  readonly tag: string;
  /** True for the way back of a flip. */
  readonly isBack?: boolean;
  /** Told after every change on disk; tests stop the process there. */
  readonly onStep?: (step: string) => void;
}

/**
 * Checks everything a flip stands on: the link is one or is absent, the release is there and is read whole up to its
 * root, its readers are those of the old target, and the last scan of exactly this root passed and is young enough.
 */
export async function prepareLinkFlip(context: Context, flip: LinkFlip): Promise<PreparedLinkFlip> {
  const link = under(context.root, flip.link);
  assertFolder(link);
  const from = readLink(link);
  const proof = passingScan(context, flip.root, flip.scanAgeMs);
  const store = releaseStore(context);
  await verifyRelease(context, store, flip.root, "flip");
  const to = linkText(link, store.path(flip.root), context.root);
  const target = assertTarget(link, to);
  const old = from === null ? undefined : oldTarget(link, from);
  if (old !== undefined) assertSameReaders(old, target, flip.allow);
  return { link, from, to, target, proof };
}

/** Moves the link from its recorded value to another, under the lock of all flips; what changes is logged before. */
export function moveLink(
  context: Context,
  move: { readonly link: string; readonly from: LinkValue; readonly to: LinkValue },
  options: SwapOptions,
): void {
  const { link, from, to } = move;
  const store = releaseStore(context);
  store.prepare();
  const lock = acquireLock(dirname(store.flips), "pointer flip", "live pointer");
  try {
    if (to !== null) assertTarget(link, to);
    if (readLink(link) === to) return;
    const at = context.clock().toISOString();
    appendFlip(store.flips, { link: linkName(context, link), from, to, isBack: options.isBack === true, at });
    options.onStep?.("logged");
    const { tag, onStep = () => {} } = options;
    swapLink({ link, from, to, tag, onStep });
  } finally {
    lock.release();
  }
}

/** Throws where the way back to a recorded value is not there: a target that is gone, empty or closed. */
export function assertWayBack(link: string, from: LinkValue): void {
  if (from !== null) assertTarget(link, from);
}

/** A target that cannot be looked at has no readers to keep: it may be what the flip is there to mend. */
function oldTarget(link: string, value: string): string | undefined {
  const path = resolve(dirname(link), value);
  return existsSync(path) ? path : undefined;
}

/** Inside the project relative to the link, so that the project may be moved or mounted elsewhere; else absolute. */
function linkText(link: string, release: string, root: string): string {
  const folder = realpathSync.native(dirname(link));
  const target = realpathSync.native(release);
  const inside = relative(realpathSync.native(root), folder);
  return inside.startsWith("..") ? target : relative(folder, target);
}

/** The name of a link in logs and records: relative to the project where it lies inside. */
export function linkName(context: Context, link: string): string {
  const name = relative(context.root, link);
  return name.startsWith("..") ? link : name;
}

function assertFolder(link: string): void {
  const folder = dirname(link);
  if (lstatSync(folder, { throwIfNoEntry: false }) !== undefined) return;
  throw new MigrationError("TARGET_UNFIT", {
    message: `The folder of the link ${shown(link)} does not exist.`,
    remedy: "Make the folder, or correct the path in migration/live.json or in the plan.",
  });
}
