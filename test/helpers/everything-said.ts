import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MigrationError } from "../../tools/migration/model/errors.ts";
import { errorText } from "../../tools/migration/printers/error-text.ts";
import { outcomeText } from "../../tools/migration/printers/outcome-text.ts";
import { runOperation, type VerdictCommand } from "./operations.ts";

/** Runs a command and gives every text that a person or a file gets from it. */
export async function everythingSaid(root: string, command: VerdictCommand): Promise<string> {
  const screen = await runOperation(root, command).then(
    (verdict) => outcomeText(verdict, "candor") + JSON.stringify(verdict.summary),
    (error: unknown) => {
      if (error instanceof MigrationError) return errorText(error, "candor");
      throw error;
    },
  );
  return screen + textsBelow(join(root, "storage_reports"));
}

/** The text of every file below `dir`. */
export function textsBelow(dir: string): string {
  return readdirSync(dir, { withFileTypes: true })
    .map((entry) => {
      const path = join(dir, entry.name);
      return entry.isDirectory() ? textsBelow(path) : readFileSync(path, "utf8");
    })
    .join("\n");
}
