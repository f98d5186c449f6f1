import { chmodSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { MigrationError } from "../model/errors.ts";
import { fsyncDirectory, toStoreError } from "./atomic-file.ts";
import { fsyncFolders, measureTree, setModes, type TreeSize } from "./folder-tree.ts";
import { claimName, dropClaim, isPresent, type Leftover, type LeftoverKind, listDead } from "./leftovers.ts";
import { CANDIDATE_FOLDER_MODE, CANDIDATE_NAME, PREVIOUS_NAME } from "./module-files.ts";

/** A candidate in the making, in its private folder. */
export interface Build {
  readonly name: string;
  readonly path: string;
}

/** A whole candidate that is kept: v1 or the previous one. */
export interface Generation extends TreeSize {
  readonly name: string;
  readonly path: string;
}

/** How a candidate folder is used. */
export interface CandidateFolderOptions {
  /** Goes to the owner records. */
  readonly command?: string;
  /** Told after every change of the folder; tests stop the process there. */
  readonly onStep?: (step: string) => void;
}

/**
 * The folder that holds the candidate; every method but `generations` is called with its lock held.
 *
 * A generation is only ever renamed as a whole, and only ever deleted under a `.trash-` name. After a kill at any point
 * v1 or `.previous` is whole, and `sweep` puts a generation that was on its way back in its place.
 */
export class CandidateFolder {
  readonly dir: string;
  /** Where the published candidate is. */
  readonly candidate: string;
  /** Where the retired generation is. */
  readonly previous: string;
  readonly #command: string;
  readonly #onStep: (step: string) => void;

  constructor(dir: string, options: CandidateFolderOptions = {}) {
    this.dir = dir;
    this.candidate = join(dir, CANDIDATE_NAME);
    this.previous = join(dir, PREVIOUS_NAME);
    this.#command = options.command ?? "candor";
    this.#onStep = options.onStep ?? (() => {});
  }

  /** Makes the folder where it is missing and closes it to other users. */
  prepare(): void {
    this.#doing("Preparing the candidate folder", () => {
      const made = mkdirSync(this.dir, { recursive: true, mode: CANDIDATE_FOLDER_MODE });
      if ((statSync(this.dir).mode & 0o7777) !== CANDIDATE_FOLDER_MODE) chmodSync(this.dir, CANDIDATE_FOLDER_MODE);
      if (made !== undefined) fsyncDirectory(dirname(this.dir));
    });
  }

  /** Removes what dead processes left and puts interrupted exchanges right; the names it dealt with. */
  sweep(): string[] {
    return this.#doing("Sweeping the candidate folder", () => {
      const settled = this.#settle();
      return [...settled, ...this.#removeDead().map((removed) => removed.name)];
    });
  }

  /** Makes the private folder of a new candidate. */
  beginBuild(): Build {
    return this.#doing("Making the build folder", () => {
      const name = claimName(this.dir, "build", this.#command);
      this.#step("build: claimed");
      const path = join(this.dir, name);
      mkdirSync(path, { mode: CANDIDATE_FOLDER_MODE });
      this.#step("build: made");
      return { name, path };
    });
  }

  /**
   * Makes v1 the previous generation; false where there is no v1.
   *
   * `.previous` -> `.retired-<pid>`, v1 -> `.previous`, fsync, and only then `.retired-<pid>` -> `.trash-<pid>` and away:
   * until v1 has taken its place the older generation is whole, and `sweep` brings it back.
   */
  retire(): boolean {
    return this.#doing("Retiring the candidate", () => {
      this.#settle();
      if (!isPresent(this.candidate)) return false;
      const aside = isPresent(this.previous) ? this.#claim("retired") : undefined;
      if (aside !== undefined) this.#move(PREVIOUS_NAME, aside);
      this.#moveOr(CANDIDATE_NAME, PREVIOUS_NAME, () => this.#moveBack(aside, PREVIOUS_NAME));
      this.#sync();
      if (aside !== undefined) this.#discardWhole(aside);
      return true;
    });
  }

  /** Makes the build v1: durable, with its modes, all at once; CANDIDATE_EXISTS where there is a v1. */
  publish(build: Build): void {
    this.#doing("Publishing the candidate", () => {
      // A rename onto an empty directory succeeds without a word.
      this.#refuseCandidate("`candor migrate` retires it first.");
      setModes(build.path);
      this.#step("publish: modes set");
      fsyncFolders(build.path);
      this.#step("publish: folders synced");
      this.#refuseCandidate("`candor migrate` retires it first.");
      this.#move(build.name, CANDIDATE_NAME);
      this.#sync();
      this.#drop(build.name);
    });
  }

  /** Removes a build that will not be published. */
  discard(build: Build): void {
    this.#doing("Removing the build folder", () => this.#remove(build.name));
  }

  /** Makes the previous generation v1; with `swap` a v1 becomes the previous one. */
  restore(options: { readonly swap?: boolean } = {}): void {
    this.#doing("Restoring the previous candidate", () => {
      this.#settle();
      if (!isPresent(this.previous)) {
        throw new MigrationError("CANDIDATE_MISSING", {
          message: "There is no previous candidate to restore.",
          remedy: "`candor migrate` builds one.",
        });
      }
      if (isPresent(this.candidate) && options.swap === true) {
        this.#swap();
        return;
      }
      this.#refuseCandidate("`candor restore --swap` exchanges the two.");
      this.#move(PREVIOUS_NAME, CANDIDATE_NAME);
      this.#sync();
    });
  }

  /** The generations there are, v1 first. */
  generations(): Generation[] {
    return this.#doing("Measuring the candidate folder", () => {
      const paths = [
        { name: CANDIDATE_NAME, path: this.candidate },
        { name: PREVIOUS_NAME, path: this.previous },
      ];
      return paths.filter(({ path }) => isPresent(path)).map((place) => ({ ...place, ...measureTree(place.path) }));
    });
  }

  /** Removes the previous generation and dead leftovers; never v1, nor the previous one while there is no v1. */
  prune(): { name: string; bytes: number }[] {
    return this.#doing("Pruning the candidate folder", () => {
      this.#settle();
      const removed = this.#removeDead();
      if (isPresent(this.previous) && isPresent(this.candidate)) {
        removed.push({ name: PREVIOUS_NAME, bytes: measureTree(this.previous).bytes });
        this.#discardWhole(PREVIOUS_NAME);
      }
      return removed;
    });
  }

  /** v1 -> `.swap-<pid>`, `.previous` -> v1, `.swap-<pid>` -> `.previous`: one of the two is always in place. */
  #swap(): void {
    const aside = this.#claim("swap");
    this.#move(CANDIDATE_NAME, aside);
    this.#moveOr(PREVIOUS_NAME, CANDIDATE_NAME, () => this.#moveBack(aside, CANDIDATE_NAME));
    this.#move(aside, PREVIOUS_NAME);
    this.#sync();
    this.#drop(aside);
  }

  /** Puts whole generations of dead processes where they belong, so that none is taken for a leftover. */
  #settle(): string[] {
    const whole = listDead(this.dir).filter(({ kind }) => kind === "swap" || kind === "retired");
    for (const { name, kind } of whole) {
      const toCandidate = kind === "swap" && isPresent(this.previous);
      this.#settleAt(name, toCandidate ? CANDIDATE_NAME : PREVIOUS_NAME);
    }
    return whole.map(({ name }) => name);
  }

  #settleAt(name: string, place: string): void {
    if (isPresent(join(this.dir, place))) {
      this.#discardWhole(name);
      return;
    }
    this.#move(name, place);
    this.#sync();
    this.#drop(name);
  }

  #removeDead(): { name: string; bytes: number }[] {
    return listDead(this.dir).map((leftover) => {
      const { bytes } = measureTree(join(this.dir, leftover.name));
      this.#removeLeftover(leftover);
      return { name: leftover.name, bytes };
    });
  }

  #removeLeftover({ name, kind }: Leftover): void {
    if (kind === "file") {
      rmSync(join(this.dir, name), { force: true });
      this.#step(`${name}: removed`);
    } else {
      this.#remove(name);
    }
  }

  /** Deletes a whole folder, under a name that says it may be incomplete. */
  #discardWhole(name: string): void {
    const trash = this.#claim("trash");
    this.#move(name, trash);
    this.#sync();
    this.#drop(name);
    this.#remove(trash);
  }

  #remove(name: string): void {
    rmSync(join(this.dir, name), { recursive: true, force: true });
    this.#step(`${name}: removed`);
    this.#drop(name);
  }

  #claim(kind: LeftoverKind): string {
    const name = claimName(this.dir, kind, this.#command);
    this.#step(`${name}: claimed`);
    return name;
  }

  #drop(name: string): void {
    dropClaim(this.dir, name);
    this.#step(`${name}: dropped`);
  }

  #move(from: string, to: string): void {
    renameSync(join(this.dir, from), join(this.dir, to));
    this.#step(`${from} -> ${to}`);
  }

  #moveOr(from: string, to: string, undo: () => void): void {
    try {
      this.#move(from, to);
    } catch (error) {
      undo();
      throw error;
    }
  }

  #moveBack(name: string | undefined, place: string): void {
    if (name === undefined) return;
    this.#move(name, place);
    this.#drop(name);
  }

  #sync(): void {
    fsyncDirectory(this.dir);
    this.#step("synced");
  }

  #refuseCandidate(remedy: string): void {
    if (!isPresent(this.candidate)) return;
    throw new MigrationError("CANDIDATE_EXISTS", { message: "There is a candidate at v1 already.", remedy });
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
