import type { MigrationError } from "../model/errors.ts";
import { withInvocation } from "./invocation.ts";

/** An error as a person reads it: what happened, every problem, the next command. */
export function errorText(error: MigrationError, invocation: string): string {
  const lines = [`error ${error.code}: ${error.message}`, ...error.problems.map((problem) => `  - ${problem}`)];
  if (error.remedy !== undefined) lines.push(`  next: ${withInvocation(error.remedy, invocation)}`);
  return `${lines.join("\n")}\n`;
}
