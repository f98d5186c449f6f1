import type { InitResult } from "../operations/init.ts";
import { withInvocation } from "./invocation.ts";
import { table } from "./table.ts";

/** What `init` proposes, as a person reads it: modules, what is left out, what to look at, what comes next. */
export function initText({ modules, leftOut, notes }: InitResult, from: string, invocation: string): string {
  const rows = modules.map(({ name, collection, records, fields, references, personal }) => [
    name,
    collection,
    ...[records, fields, references, personal].map(String),
  ]);
  const personal = modules.reduce((sum, one) => sum + one.personal, 0);
  const count = modules.length === 1 ? "1 module" : `${modules.length} modules`;
  const lines = [
    `init: ${count} from ${from}${leftOut.length === 0 ? "" : `, ${leftOut.length} left out`}`,
    ...table([["module", "collection", "records", "fields", "references", "personal"], ...rows]),
    ...leftOut.map(({ name, why, remedy }) => `left out ${name}: ${why}; ${remedy}`),
    ...notes.map((note) => `look at ${note}`),
    `guessed: ${personal} personal ${personal === 1 ? "field" : "fields"} (class 2), all others internal (class 1); correct \`pii\` in modules/*/schema.json`,
    ...["registry freeze", "dry-run", "migrate", "scan-all"].map(
      (command) => `next: ${withInvocation(`candor ${command}`, invocation)}`,
    ),
  ];
  return `${lines.join("\n")}\n`;
}
