import { Buffer } from "node:buffer";

/** The text of a function under construction, its local variables and the constants it is given. */
export class Code {
  readonly #lines: string[] = [];
  readonly #locals: string[] = [];
  readonly #constants: unknown[] = [];

  /** Adds a statement or the head or tail of a block. */
  line(text: string): void {
    this.#lines.push(text);
  }

  /** A new local variable that starts every call at 0. */
  local(): string {
    const name = `v${this.#locals.length}`;
    this.#locals.push(name);
    return name;
  }

  /** The name under which the function finds `value`. */
  constant(value: unknown): string {
    const known = this.#constants.indexOf(value);
    return `k${known >= 0 ? known : this.#constants.push(value) - 1}`;
  }

  /** Where a condition does not hold, the line is refused. */
  require(condition: string): void {
    this.line(`if (!(${condition})) return false;`);
  }

  /** The statements, behind declarations of the local variables. */
  body(): string {
    const locals = this.#locals.length === 0 ? "" : `let ${this.#locals.map((name) => `${name} = 0`).join(", ")};\n`;
    return locals + this.#lines.join("\n");
  }

  /** Declarations of the constants, out of an array called `constants`. */
  declarations(): string {
    return this.#constants.map((_, index) => `const k${index} = constants[${index}];`).join("\n");
  }

  get constants(): readonly unknown[] {
    return this.#constants;
  }
}

/**
 * The condition that the bytes of `text` stand at `p + skip`, before the end of the line. Compared a word at a time,
 * the last word overlapping the one before, so that nine bytes take three comparisons.
 */
export function literalAt(text: string, skip = 0): string {
  const bytes = Buffer.from(text, "utf8");
  const tests = [`p + ${skip + bytes.length} <= e`];
  if (bytes.length < 4) {
    bytes.forEach((byte, index) => {
      tests.push(`b[p + ${skip + index}] === ${byte}`);
    });
    return tests.join(" && ");
  }
  for (let at = 0; at < bytes.length; at += 4) {
    const from = Math.min(at, bytes.length - 4);
    tests.push(`d.getInt32(p + ${skip + from}, true) === ${bytes.readInt32LE(from)}`);
  }
  return tests.join(" && ");
}

/** Bytes of a text in UTF-8. */
export function sizeOf(text: string): number {
  return Buffer.byteLength(text, "utf8");
}
