import { type Command, Option } from "commander";
import type { ScanOptions } from "../operations/scan.ts";
import type { VerifyLevel } from "../operations/scan-levels.ts";
import { durationFrom } from "./duration.ts";
import {
  type CommonOptions,
  contextFor,
  finish,
  runIdFrom,
  type Session,
  withPace,
  withVerdict,
  workersFrom,
} from "./session.ts";

interface ScanFlags extends CommonOptions {
  readonly workers?: string;
  readonly input?: string;
  readonly live?: boolean;
  readonly level?: VerifyLevel;
  readonly maxDuration?: string;
  readonly resume?: boolean;
}

type ScanKind = Pick<ScanOptions, "checks" | "level">;
type Operation = typeof import("../operations/scan.ts");

/** Adds `scan-all`, `scan-module`, `scan-pii`, `scan-drift` and `verify-checksums`. */
export function addScanCommands(program: Command, session: Session): void {
  const add = (name: string, description: string, pick: (scan: Operation, flags: ScanFlags) => ScanKind): Command =>
    withVerdict(program.command(name))
      .description(description)
      .addOption(new Option("--input <dir>", "candidate directory (default: storage_candidate/v1)").conflicts("live"))
      .option("--live", "what the live pointer leads to (migration/live.json)")
      .option("--workers <n>", "worker threads (default: one per core)")
      .action(async (...parts: unknown[]) => {
        const [modules, flags] = Array.isArray(parts[0]) ? [parts[0] as string[], parts[1]] : [[], parts[0]];
        const options = flags as ScanFlags;
        const maxMs = durationFrom("--max-duration", options.maxDuration);
        const operation = await import("../operations/scan.ts");
        const context = contextFor(session, options);
        const input = options.live === true ? await operation.liveInput(context) : options.input;
        const outcome = await operation.scan(context, {
          command: name,
          runId: runIdFrom(name),
          input: input ?? operation.DEFAULT_INPUT,
          modules,
          workers: workersFrom(options),
          ...(PAUSABLE.has(name) ? { pause: { maxMs, resume: options.resume === true } } : {}),
          ...pick(operation, options),
        });
        finish(session, outcome, options);
      });
  withPause(
    add("scan-all", "check everything about a candidate", (scan) => ({ checks: scan.ALL_CHECKS, level: "deep" })),
  );
  add("scan-module", "check everything about some modules", (scan) => ({
    checks: scan.ALL_CHECKS,
    level: "deep",
  })).argument("<modules...>", "module names");
  add("scan-pii", "check PII classes and look for personal values in fields of class 0", (scan) => ({
    checks: scan.PII_CHECKS,
    level: "pii",
  }));
  add("scan-drift", "check schema versions, and the candidate's inputs against the project", (scan) => ({
    checks: scan.DRIFT_CHECKS,
    level: "drift",
  }));
  withPause(
    add(
      "verify-checksums",
      "recompute every digest, chunk, tree and root; needs no configuration below deep",
      (scan, flags) => {
        const level = flags.level ?? "verify";
        return { checks: scan.VERIFY_LEVELS[level], level };
      },
    ),
  ).addOption(
    new Option("--level <level>", "sizes and small files; raw bytes too; all digests; all of scan-all")
      .choices(["quick", "scrub", "verify", "deep"])
      .default("verify"),
  );
}

/** Adds `verify-source`. */
export function addVerifySourceCommand(program: Command, session: Session): void {
  withPace(withVerdict(program.command("verify-source")))
    .description("read the source again and name every record that is not as the candidate has it")
    .option("--input <dir>", "candidate directory (default: storage_candidate/v1)")
    .option("--workers <n>", "worker threads (default: one per core)")
    .action(async (options: ScanFlags) => {
      const { DEFAULT_INPUT } = await import("../operations/scan.ts");
      const { verifySource } = await import("../operations/verify-source.ts");
      const outcome = await verifySource(contextFor(session, options), {
        runId: runIdFrom("verify-source"),
        input: options.input ?? DEFAULT_INPUT,
        workers: workersFrom(options),
      });
      finish(session, outcome, options);
    });
}

const PAUSABLE: ReadonlySet<string> = new Set(["scan-all", "verify-checksums"]);

function withPause(command: Command): Command {
  return command
    .option("--max-duration <time>", "stop after this time, e.g. 90s, 5m or 1h (exit code 17)")
    .option("--resume", "go on where the last one was stopped or killed");
}
