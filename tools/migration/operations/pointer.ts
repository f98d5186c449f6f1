import { join } from "node:path";
import { PROJECT } from "../config/paths.ts";
import { loadProject } from "../config/project.ts";
import { MigrationError } from "../model/errors.ts";
import type { AccessDifference } from "../stores/access.ts";
import { lastFlips } from "../stores/flip-log.ts";
import { assertTarget, type LinkValue } from "../stores/live-link.ts";
import type { Context } from "./context.ts";
import { moveLink, prepareLinkFlip, type SwapOptions } from "./flip-link.ts";
import { livePointer, releaseStore, rootOf } from "./releases.ts";
import { passingScan, type ScanProof } from "./scan-proof.ts";

/** Where the live pointer leads, and what is known about it. */
export interface PointerState {
  /** Path of the link, as live.json gives it. */
  readonly pointer: string;
  readonly value: LinkValue;
  /** Folder it leads to; null where it leads nowhere. */
  readonly target: string | null;
  /** Run root of what it leads to; null where that is no candidate or release. */
  readonly root: string | null;
  /** The value before the last flip. */
  readonly before: LinkValue;
  /** True where the value is not what the last flip left. */
  readonly moved: boolean;
  /** The last passing scan of this root, at most a year old. */
  readonly scan: ScanProof | null;
  readonly releases: readonly string[];
}

/** What a flip changed. */
export interface Flipped {
  readonly pointer: string;
  readonly from: LinkValue;
  readonly to: LinkValue;
}

const YEAR_MS = 366 * 24 * 3_600_000;

/** Looks at the live pointer; changes nothing. */
export function showPointer(context: Context): PointerState {
  const project = loadProject(context.root);
  const { link, value } = livePointer(project);
  const target = value === null ? null : orNull(() => assertTarget(link, value));
  const root = target === null ? null : (rootOf(target) ?? null);
  const last = lastFlips(join(context.root, PROJECT.flips)).get(project.pointer);
  return {
    pointer: project.pointer,
    value,
    target,
    root,
    before: last?.from ?? null,
    moved: last !== undefined && last.to !== value,
    scan: root === null ? null : orNull(() => passingScan(context, root, YEAR_MS)),
    releases: releaseStore(context).roots(),
  };
}

/** Flips the live pointer to the release of a root. */
export async function flipPointer(
  context: Context,
  flip: { readonly root: string; readonly scanAgeMs: number; readonly allow: readonly AccessDifference[] },
  options: SwapOptions,
): Promise<Flipped> {
  const { pointer } = loadProject(context.root);
  const prepared = await prepareLinkFlip(context, { link: pointer, ...flip });
  moveLink(context, prepared, options);
  return { pointer, from: prepared.from, to: prepared.to };
}

/** Flips the live pointer back to what it held before the last flip; refuses where it was moved since. */
export function flipBack(context: Context, options: SwapOptions): Flipped {
  const project = loadProject(context.root);
  const last = lastFlips(join(context.root, PROJECT.flips)).get(project.pointer);
  if (last === undefined) {
    throw new MigrationError("USAGE", {
      message: `No flip of ${project.pointer} is recorded, so there is nothing to go back to.`,
      remedy: "`candor pointer show` tells where the pointer leads.",
    });
  }
  const { link, value } = livePointer(project);
  // Already back, or a flip that was killed before its rename: going back twice must never go forward.
  const isThere = last.isBack ? value === last.to : value === last.from;
  if (isThere) return { pointer: project.pointer, from: value, to: value };
  const move = last.isBack ? { from: last.from, to: last.to } : { from: last.to, to: last.from };
  moveLink(context, { link, ...move }, { ...options, isBack: true });
  return { pointer: project.pointer, ...move };
}

function orNull<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    if (error instanceof MigrationError) return null;
    throw error;
  }
}
