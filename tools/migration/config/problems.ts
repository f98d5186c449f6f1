import { MigrationError } from "../model/errors.ts";

/** Gathers everything that is wrong with the configuration, so that one run names it all. */
export class Problems {
  readonly #lines: string[] = [];

  /** Adds one problem: which file, where in it, what was expected and what came. */
  add(file: string, path: string, expected: string, got: string): void {
    this.#lines.push(`${file}${path === "" ? "" : ` at ${path}`}: expected ${expected}, got ${got}`);
  }

  get count(): number {
    return this.#lines.length;
  }

  /** Throws CONFIG_INVALID with every problem when there is any. */
  throwIfAny(): void {
    if (this.#lines.length === 0) return;
    const plural = this.#lines.length === 1 ? "1 problem" : `${this.#lines.length} problems`;
    throw new MigrationError("CONFIG_INVALID", {
      message: `The configuration has ${plural}.`,
      problems: this.#lines,
      remedy: "Mend the files named above, then run the command again.",
    });
  }
}
