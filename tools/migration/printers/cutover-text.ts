import { type LintMessage, lintLine } from "../cutover/plan/lint-book.ts";

/** What lint has to say, one line each, and the sum. */
export function lintText(file: string, messages: readonly LintMessage[]): string {
  const lines = messages.map((one) => `${one.severity} ${lintLine(file, one)}\n`);
  const count = (severity: string): number => messages.filter((one) => one.severity === severity).length;
  return `${lines.join("")}${file}: ${count("error")} errors, ${count("warning")} warnings\n`;
}
