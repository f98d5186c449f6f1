import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Test } from "tap";

const COPIED = [
  "package.json",
  "tools/migration/cli.js",
  "build/program",
  "modules",
  "migration",
  "test/fixtures/shop",
];

/** A copy of this project, compiled and with its packages, in which the commands of a document can run. */
export function docsProject(t: Test): string {
  const root = t.testdir();
  for (const path of COPIED) cpSync(path, join(root, path), { recursive: true });
  for (const folder of ["storage_candidate", "storage_reports"]) mkdirSync(join(root, folder));
  symlinkSync(resolve("node_modules"), join(root, "node_modules"));
  return root;
}

/** How a script ended, and everything it printed. */
export interface ScriptRun {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a script as a reader would paste it; the first command that fails ends it. */
export function runScript(cwd: string, text: string, env: Readonly<Record<string, string>> = {}): ScriptRun {
  const own = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...env };
  const { status, stdout } = spawnSync("bash", ["-eu", "-o", "pipefail", "-c", `exec 2>&1\n${text}`], {
    cwd,
    env: own,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 120_000,
  });
  return { code: status, output: stdout };
}

/** The first expected line that the output does not hold behind the ones before; `…` stands for anything. */
export function missingLine(output: string, expected: string): string | undefined {
  const lines = output.split("\n");
  let at = 0;
  for (const line of expected.split("\n")) {
    if (line === "" || line === "…") continue;
    const pattern = new RegExp(`^${line.split("…").map(escaped).join(".*")}$`, "u");
    while (at < lines.length && !pattern.test(lines[at] ?? "")) at += 1;
    if (at === lines.length) return line;
    at += 1;
  }
  return undefined;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
