import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Test } from "tap";

/** The launcher of this checkout, as an absolute path. */
export const CLI = resolve("tools/migration/cli.js");

/** How a run of the program ended. */
export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and with which environment the program runs. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Umask of the program, in octal. */
  readonly umask?: string;
  /** A minute unless given. */
  readonly timeoutMs?: number;
}

/** Runs the program in `cwd` to its end. */
export function candor(cwd: string, args: readonly string[], options: RunOptions = {}): Ran {
  const [program, ...all] = commandLine(args, options.umask);
  const { status, signal, stdout, stderr } = spawnSync(program ?? "", all, {
    cwd,
    env: environment(options.env),
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    timeout: options.timeoutMs ?? 60_000,
  });
  return { code: status, signal, stdout, stderr };
}

/** A run of the program that goes on while the test does something else. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
}

/** Starts the program in `cwd`; it is killed when the test ends. */
export function startCandor(t: Test, cwd: string, args: readonly string[], options: RunOptions = {}): Running {
  const child = spawn(process.execPath, [CLI, ...args], { cwd, env: environment(options.env) });
  t.teardown(() => child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data) => {
    stdout += data;
  });
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  const ended = new Promise<Ran>((done) => {
    child.on("close", (code, signal) => done({ code, signal, stdout, stderr }));
  });
  return { child, ended };
}

/** Runs a line of shell in `cwd` with the program at `$CLI`. */
export function shell(cwd: string, line: string): Ran {
  const env = { ...environment({}), CLI };
  const { status, signal, stdout, stderr } = spawnSync("sh", ["-c", line], { cwd, env, encoding: "utf8" });
  return { code: status, signal, stdout, stderr };
}

function commandLine(args: readonly string[], umask: string | undefined): readonly string[] {
  if (umask === undefined) return [process.execPath, CLI, ...args];
  return ["sh", "-c", `umask ${umask}; exec "$0" "$@"`, process.execPath, CLI, ...args];
}

/** Nothing of the test runner's, so that a run is what a user sees. */
function environment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...extra };
}

/** A copy of the project's own example. */
export function exampleProject(t: Test): string {
  const root = t.testdir();
  for (const folder of ["modules", "migration"]) cpSync(folder, join(root, folder), { recursive: true });
  writeFileSync(join(root, "package.json"), `{"type":"module"}`);
  return root;
}

/** Waits until `condition` holds. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns += 1) {
    if (turns > 1000) throw new Error("waited 20 seconds in vain");
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** Every path below `dir` with kind, mode and content digest: what two equal trees have in common. */
export function treeOf(dir: string, skip: (path: string) => boolean = () => false): Record<string, string> {
  const tree: Record<string, string> = {};
  const visit = (path: string): void => {
    const full = join(dir, path);
    const stat = lstatSync(full);
    const mode = (stat.mode & 0o7777).toString(8);
    if (skip(path)) return;
    if (stat.isSymbolicLink()) tree[path] = `link ${readlinkSync(full)}`;
    else if (stat.isDirectory()) {
      tree[path] = `folder ${mode}`;
      for (const name of readdirSync(full)) visit(join(path, name));
    } else tree[path] = `file ${mode} ${createHash("sha256").update(readFileSync(full)).digest("hex")}`;
  };
  if (existsSync(dir)) visit(".");
  return tree;
}

/** The parsed JSON of a file. */
// biome-ignore lint/suspicious/noExplicitAny: what a test reads is judged by its assertions
export function readJson(...path: string[]): any {
  return JSON.parse(readFileSync(join(...path), "utf8"));
}

/** The findings of the report of a command. */
// biome-ignore lint/suspicious/noExplicitAny: what a test reads is judged by its assertions
export function findingsOf(root: string, command: string): any[] {
  const text = readFileSync(join(root, "storage_reports", `latest-${command}`, "findings.jsonl"), "utf8");
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** What lies in the candidate folder, private names with their pid left out. */
export function candidateNames(root: string): string[] {
  const folder = join(root, "storage_candidate");
  return existsSync(folder)
    ? readdirSync(folder)
        .map((name) => name.replace(/-\d+/, "-N"))
        .sort()
    : [];
}

/** Writes a file of a project, making its folder. */
export function writeProjectFile(root: string, file: string, text: string | Uint8Array): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}
