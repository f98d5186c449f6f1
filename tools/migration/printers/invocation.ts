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

/** The words behind every command of this run, so that a pasted one means the same project: `--root DIR` or nothing. */
export function rootOption(args: readonly string[]): string {
  const at = args.indexOf("--root");
  const given = at >= 0 ? args[at + 1] : args.find((arg) => arg.startsWith("--root="))?.slice("--root=".length);
  if (given === undefined) return "";
  return ` --root ${/^[A-Za-z0-9_./@+-]+$/.test(given) ? given : `'${given.replaceAll("'", "'\\''")}'`}`;
}

/** A message with its `candor …` commands in the form the user can type, for the project of this run. */
export function withInvocation(text: string, invocation: string): string {
  const root = rootOption(process.argv.slice(2));
  return text.replace(
    /(^|`)candor ((?:registry |cutover )?[a-z-]+)/g,
    (_all, before: string, command: string) => `${before}${invocation} ${command}${root}`,
  );
}
