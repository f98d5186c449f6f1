import { basename, relative } from "node:path";

/**
 * How the user called us, for the commands in messages: `node tools/migration/cli.js` in this repository,
 * `npx --no candor` where it is installed (never a form that could fetch a stranger's package).
 */
export function invocationOf(script: string): string {
  if (basename(script) !== "cli.js" || script.includes("node_modules")) return "npx --no candor";
  const path = relative(process.cwd(), script);
  return `node ${path.startsWith("..") ? script : path}`;
}

/** A message with its `candor …` commands in the form the user can type. */
export function withInvocation(text: string, invocation: string): string {
  return text.replace(/(^|`)candor (?=[a-z])/g, `$1${invocation} `);
}
