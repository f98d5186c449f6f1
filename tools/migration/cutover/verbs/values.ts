import { MigrationError } from "../../model/errors.ts";
import type { Pattern } from "../plan/action.ts";
import { fillPattern } from "../plan/patterns.ts";
import { substitute } from "../plan/placeholders.ts";
import type { VarValue } from "../plan/plan.ts";
import type { VerbContext } from "./verb.ts";

/** What gives values: variables first, then secrets. */
export type Values = Pick<VerbContext, "vars" | "secrets">;

/** The value of one name; REFUSED where it has none or is a list. */
export function valueFor(values: Values, name: string): string {
  const value = values.vars.get(name) ?? values.secrets.get(name);
  if (typeof value === "string") return value;
  throw new MigrationError("REFUSED", {
    message: value === undefined ? `\${${name}} has no value.` : `\${${name}} is a list, and one value is needed.`,
    remedy: `Give it with \`--var ${name}=…\`, or mend the plan.`,
  });
}

/** A text with its values put in. */
export function fill(text: string, values: Values): string {
  return substitute(text, (name) => valueFor(values, name));
}

/** A pattern with its values put in, taken literally. */
export function fillIn(pattern: Pattern, values: Values): Pattern {
  return fillPattern(pattern, (name) => valueFor(values, name));
}

/** A text with values put in, secrets left as `${NAME}`: for the journal. */
export function fillShown(text: string, values: Values): string {
  return substitute(text, (name) => (values.vars.has(name) ? valueFor(values, name) : `\${${name}}`));
}

/** What a command gets exported: every single value, the secrets, and its own `env`. */
export function exported(context: Pick<VerbContext, "vars" | "secrets" | "env">): Readonly<Record<string, string>> {
  const single = [...context.vars].filter((entry): entry is [string, string] => isSingle(entry[1]));
  return Object.fromEntries([...single, ...context.secrets, ...context.env]);
}

function isSingle(value: VarValue): value is string {
  return typeof value === "string";
}
