import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";

/** GNU time, which knows the largest resident set and the CPU time of a child. */
const TIME = "/usr/bin/time";
const hasTime = process.platform === "linux" && existsSync(TIME);

/** What one run of a program took. */
export interface Sample {
  /** Wall clock from start to exit, or what the program itself measured where it prints `seconds`. */
  readonly seconds: number;
  /** Largest resident set; undefined where it cannot be measured. */
  readonly peakBytes: number | undefined;
  /** User and system time of all threads: steadier than the wall clock on a busy machine. */
  readonly cpuSeconds: number | undefined;
}

/** A program to run: a command with its arguments. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Exit codes beside 0 that count as done: a diff that finds a difference ends with 16. */
  readonly accepts?: readonly number[];
  /** File for what GNU time says. */
  readonly scratch: string;
}

/** What a run gave: a sample, or why there is none. */
export type RunResult = { readonly sample: Sample; readonly stdout: string } | { readonly failure: string };

/** Runs a program to its end. */
export async function runCommand(command: Command): Promise<RunResult> {
  const [file, args] = hasTime
    ? [TIME, ["-q", "-f", "%M %U %S", "-o", command.scratch, command.file, ...command.args]]
    : [command.file, [...command.args]];
  const begin = performance.now();
  const { code, stdout, stderr } = await collect(file, args, command.cwd);
  const wall = (performance.now() - begin) / 1000;
  const used = hasTime ? readUsage(command.scratch) : undefined;
  if (code !== 0 && !(command.accepts ?? []).includes(code)) {
    const line = stderr.split("\n").find((text) => text.startsWith("error")) ?? stderr.split("\n")[0] ?? "";
    return { failure: `exit ${code}${line === "" ? "" : `: ${line.slice(0, 160)}`}` };
  }
  const own = /^seconds ([0-9.]+)$/m.exec(stdout)?.[1];
  const seconds = own === undefined ? wall : Number(own);
  return { sample: { seconds, peakBytes: used?.peakBytes, cpuSeconds: used?.cpuSeconds }, stdout };
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function collect(file: string, args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", (error) => resolve({ code: 127, stdout, stderr: error.message }));
    child.on("close", (code) => resolve({ code: code ?? 128, stdout, stderr }));
  });
}

function readUsage(path: string): { readonly peakBytes: number; readonly cpuSeconds: number } | undefined {
  if (!existsSync(path)) return undefined;
  const last = readFileSync(path, "utf8").trim().split("\n").at(-1) ?? "";
  rmSync(path);
  const [kib, user, system] = last.split(" ").map(Number);
  if (kib === undefined || user === undefined || system === undefined) return undefined;
  return { peakBytes: kib * 1024, cpuSeconds: user + system };
}
