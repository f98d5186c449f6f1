import { CommanderError } from "commander";
import { createProgram } from "./commands/program.ts";
import { toolVersion } from "./config/tool-version.ts";
import { EXIT_CODES, exitCodeOf } from "./exit-codes.ts";
import { MigrationError, systemCode } from "./model/errors.ts";
import { errorText } from "./printers/error-text.ts";
import { invocationOf } from "./printers/invocation.ts";

/** Runs one command line and gives its exit code: the one place where an error becomes text and a number. */
export async function run(args: readonly string[]): Promise<number> {
  outliveOutput();
  const settled = watchEnd(args);
  const abort = new AbortController();
  const interrupt = (): void => abort.abort();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, interrupt);
  const result = { exitCode: 0 };
  const program = createProgram({
    signal: abort.signal,
    clock: () => new Date(performance.timeOrigin + performance.now()),
    setExitCode: (code) => {
      result.exitCode = code;
    },
    exitCodes: EXIT_CODES,
    version: toolVersion(),
    invocation: invocationOf(process.argv[1] ?? ""),
  });
  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    return report(error, args);
  } finally {
    settled();
  }
  return result.exitCode;
}

/** Waiting for something that never comes ends the process without a word and with 0; that must be no success. */
function watchEnd(args: readonly string[]): () => void {
  const ended = (): void => {
    process.exitCode = report(new TypeError("nothing to wait for"), args);
  };
  process.once("exit", ended);
  return () => process.removeListener("exit", ended);
}

/**
 * Output that nobody reads (`| head -1`, a closed terminal) or that finds no room (a log on a full disk) ends neither the
 * work nor what a driver watches over. A result that did not get out is still no success.
 */
function outliveOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error) => {
      const code = systemCode(error) ?? error.name;
      if (stream === process.stdout && !["EPIPE", "EIO"].includes(code)) failAtEnd(code);
    });
  }
}

let isOutputLost = false;

function failAtEnd(code: string): void {
  if (isOutputLost) return;
  isOutputLost = true;
  process.once("exit", () => {
    const lost = new MigrationError("IO", {
      message: `The output could not be written (${code}); what the command did is done.`,
      remedy: "Make room where the output goes; `candor report` and `candor cutover status` tell what was done.",
    });
    const exitCode = report(lost, []);
    if (process.exitCode === undefined || process.exitCode === 0) process.exitCode = exitCode;
  });
}

function report(error: unknown, args: readonly string[]): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodeOf("USAGE");
  const known = error instanceof MigrationError ? error : unexpected(error);
  const json = args.includes("--json");
  process.stderr.write(errorText(known, invocationOf(process.argv[1] ?? "")));
  if (json) process.stdout.write(`${JSON.stringify({ error: errorRecord(known) })}\n`);
  return exitCodeOf(known.code);
}

function errorRecord(error: MigrationError): object {
  return { code: error.code, message: error.message, problems: error.problems, remedy: error.remedy ?? null };
}

/** A bug: the stack may go to the screen, because it holds code and no data; the message may not. */
function unexpected(error: unknown): MigrationError {
  const frames = error instanceof Error ? (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line)) : [];
  const name = error instanceof Error ? error.name : typeof error;
  return new MigrationError("INTERNAL", {
    message: `A fault of the tool (${name}); nothing was published.`,
    problems: frames.slice(0, 5).map((line) => line.trim()),
    remedy: "Run the command again; if it fails again, report the lines above.",
    cause: error,
  });
}
