import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { MigrationError, systemCode } from "../model/errors.ts";
import { isJsonObject } from "../model/json.ts";
import { fsyncDirectory, toStoreError, writeFileAtomic } from "./atomic-file.ts";
import type { Build } from "./candidate-folder.ts";
import { copyTree, setAccess, type TreeAccess, unlockFolders } from "./copy-tree.ts";
import { measureTree } from "./folder-tree.ts";
import { claimName, dropClaim, isPresent, type LeftoverKind, listDead } from "./leftovers.ts";
import { DIRECTORY_MODE, FILE_MODE } from "./module-files.ts";

const FORMAT = "candor-release/1";
const FLIPS_FOLDER = "flips";
const FLIPS_MODE = 0o755;
const RELEASE_NAME = /^[0-9a-f]{64}$/;

/** What was decided when a release was made; beside the release, as `<root>.json`. */
export interface ReleaseRecord {
  readonly format: typeof FORMAT;
  readonly root: string;
  /** Mode of folders in octal; files have it without the right to enter. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
}

/** Modes of the folders and files of a candidate or release. */
export interface Modes {
  readonly folder: number;
  readonly file: number;
}

/** The modes that the candidate at `path` must have: those of its release record, where it is a release. */
export function modesOf(path: string): Modes {
  const record = RELEASE_NAME.test(basename(path)) ? readReleaseRecord(path) : undefined;
  if (record === undefined) return { folder: DIRECTORY_MODE, file: FILE_MODE };
  return modesFrom(record.mode);
}

/** Modes for an octal text such as 0555. */
export function modesFrom(mode: string): Modes {
  const folder = Number.parseInt(mode, 8);
  return { folder, file: folder & 0o666 };
}

/** The record beside the release at `path`; undefined where there is none of this form. */
export function readReleaseRecord(path: string): ReleaseRecord | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(`${path}.json`, "utf8"));
    if (!isJsonObject(value) || value["format"] !== FORMAT || value["root"] !== basename(path)) return undefined;
    const { root, mode, uid, gid } = value;
    if (typeof mode !== "string" || !/^0[0-7]{3}$/.test(mode)) return undefined;
    if (typeof uid !== "number" || typeof gid !== "number") return undefined;
    return { format: FORMAT, root: String(root), mode, uid, gid };
  } catch (error) {
    if (error instanceof SyntaxError || systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") {
      return undefined;
    }
    throw toStoreError(error, "Reading the record of a release");
  }
}

/**
 * The folder of releases; every method that changes something is called with its lock held. A release is only ever
 * renamed to its name when it is whole, and only ever deleted under a `.trash-` name.
 */
export class ReleaseStore {
  readonly dir: string;
  readonly #onStep: (step: string) => void;

  constructor(dir: string, onStep: (step: string) => void = () => {}) {
    this.dir = dir;
    this.#onStep = onStep;
  }

  /** Makes the folder where it is missing. */
  prepare(): void {
    this.#doing("Preparing the folder of releases", () => {
      const made = mkdirSync(this.dir, { recursive: true, mode: DIRECTORY_MODE });
      for (let path = this.dir; made !== undefined; path = dirname(path)) {
        chmodSync(path, DIRECTORY_MODE);
        fsyncDirectory(dirname(path));
        if (path === made) break;
      }
      const flips = mkdirSync(dirname(this.flips), { recursive: true, mode: FLIPS_MODE });
      if (flips !== undefined) fsyncDirectory(this.dir);
    });
  }

  /** The list of flips, in a private folder with the lock of all flips. */
  get flips(): string {
    return join(this.dir, FLIPS_FOLDER, "flips.jsonl");
  }

  /** Where the release with this root is or would be. */
  path(root: string): string {
    return join(this.dir, root);
  }

  has(root: string): boolean {
    return isPresent(this.path(root));
  }

  /** The roots of all releases, in order of name. */
  roots(): readonly string[] {
    if (!isPresent(this.dir)) return [];
    return readdirSync(this.dir)
      .filter((name) => RELEASE_NAME.test(name) && lstatSync(join(this.dir, name)).isDirectory())
      .sort();
  }

  /** Copies a candidate into a private folder; `turn` is taken after each file, and its error ends the copy. */
  async copy(candidate: string, access: TreeAccess, turn: () => Promise<void>): Promise<Build> {
    const name = this.#doing("Making the build folder", () => this.#claim("build"));
    const build = { name, path: join(this.dir, name) };
    try {
      await copyTree(candidate, build.path, async () => {
        this.#step("file copied");
        await turn();
      });
      setAccess(build.path, access);
      this.#step("access set");
      return build;
    } catch (error) {
      this.discard(build);
      throw toStoreError(error, "Copying the candidate");
    }
  }

  /** Gives the build its name, all at once and durably; CANDIDATE_EXISTS where there is such a release. */
  publish(build: Build, record: Omit<ReleaseRecord, "format">): void {
    this.#doing("Publishing the release", () => {
      if (this.has(record.root)) {
        throw new MigrationError("CANDIDATE_EXISTS", { message: `There is a release ${record.root} already.` });
      }
      // The record comes first, so that a release never lies there without one.
      writeFileAtomic(`${this.path(record.root)}.json`, `${JSON.stringify({ format: FORMAT, ...record })}\n`);
      this.#step("record written");
      fsyncDirectory(build.path);
      renameSync(build.path, this.path(record.root));
      this.#step("renamed");
      fsyncDirectory(this.dir);
      this.#step("synced");
      dropClaim(this.dir, build.name);
      this.#step("dropped");
    });
  }

  /** Removes a build that will not be published. */
  discard(build: Build): void {
    this.#doing("Removing the build folder", () => this.#remove(build.name));
  }

  /** Removes a release; the bytes that it took. */
  remove(root: string): number {
    return this.#doing("Removing a release", () => {
      const { bytes } = measureTree(this.path(root));
      const trash = this.#claim("trash");
      renameSync(this.path(root), join(this.dir, trash));
      fsyncDirectory(this.dir);
      rmSync(`${this.path(root)}.json`, { force: true });
      this.#remove(trash);
      return bytes;
    });
  }

  /** Removes what dead processes left; the names. */
  sweep(): string[] {
    return this.#doing("Sweeping the folder of releases", () => {
      const dead = listDead(this.dir);
      for (const { name, kind } of dead) {
        if (kind === "file") rmSync(join(this.dir, name), { force: true });
        else this.#remove(name);
      }
      return dead.map(({ name }) => name);
    });
  }

  #remove(name: string): void {
    const path = join(this.dir, name);
    if (isPresent(path)) unlockFolders(path);
    rmSync(path, { recursive: true, force: true });
    this.#step("removed");
    dropClaim(this.dir, name);
  }

  #claim(kind: LeftoverKind): string {
    const name = claimName(this.dir, kind, "promote");
    this.#step("claimed");
    return name;
  }

  #step(step: string): void {
    this.#onStep(step);
  }

  #doing<T>(doing: string, action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw toStoreError(error, doing);
    }
  }
}
