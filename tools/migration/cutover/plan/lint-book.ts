import { MigrationError } from "../../model/errors.ts";

/** One thing lint has to say. An error refuses the plan; a warning may be wanted; a notice is for the reader. */
export interface LintMessage {
  readonly line: number;
  /** JSON Pointer of the part. */
  readonly at: string;
  readonly severity: "error" | "warning" | "notice";
  readonly text: string;
}

/** Gathers everything lint has to say, so that one run tells it all. */
export class LintBook {
  readonly #messages: LintMessage[] = [];

  error(line: number, at: string, text: string): void {
    this.#messages.push({ line, at, severity: "error", text });
  }

  warning(line: number, at: string, text: string): void {
    this.#messages.push({ line, at, severity: "warning", text });
  }

  notice(line: number, at: string, text: string): void {
    this.#messages.push({ line, at, severity: "notice", text });
  }

  get errors(): number {
    return this.#messages.filter((message) => message.severity === "error").length;
  }

  /** By line, in the order they were found. */
  get messages(): readonly LintMessage[] {
    return [...this.#messages].sort((a, b) => a.line - b.line);
  }

  /** PLAN_INVALID with every error, one line each, when there is any. */
  throwIfAny(file: string): void {
    const errors = this.messages.filter((message) => message.severity === "error");
    if (errors.length === 0) return;
    throw new MigrationError("PLAN_INVALID", {
      message: `The plan ${file} has ${errors.length === 1 ? "1 error" : `${errors.length} errors`}.`,
      problems: errors.map((one) => lintLine(file, one)),
      remedy: `Mend the lines named above, then \`candor cutover lint ${file}\`.`,
    });
  }
}

/** A message as `file:line place: text`. */
export function lintLine(file: string, { line, at, text }: LintMessage): string {
  return `${file}:${line}${at === "" ? "" : ` ${at}`}: ${text}`;
}
