import type { Command } from "commander";
import type { ScanOptions } from "../operations/scan.ts";
import {
  type CommonOptions,
  contextFor,
  finish,
  runIdFrom,
  type Session,
  withVerdict,
  workersFrom,
} from "./session.ts";

interface ScanFlags extends CommonOptions {
  readonly workers?: string;
  readonly input?: string;
}

type ScanKind = Pick<ScanOptions, "checks" | "level">;

/** Adds `scan-all`, `scan-module`, `scan-pii`, `scan-drift` and `verify-checksums`. */
export function addScanCommands(program: Command, session: Session): void {
  const add = (name: string, description: string, pick: (scan: typeof import("../operations/scan.ts")) => ScanKind) =>
    withVerdict(program.command(name))
      .description(description)
      .option("--input <dir>", "candidate directory (default: storage_candidate/v1)")
      .option("--workers <n>", "worker threads (default: one per core)")
      .action(async (...parts: unknown[]) => {
        const [modules, flags] = Array.isArray(parts[0]) ? [parts[0] as string[], parts[1]] : [[], parts[0]];
        const operation = await import("../operations/scan.ts");
        const options = flags as ScanFlags;
        const outcome = await operation.scan(contextFor(session, options), {
          command: name,
          runId: runIdFrom(name),
          input: options.input ?? operation.DEFAULT_INPUT,
          modules,
          workers: workersFrom(options),
          ...pick(operation),
        });
        finish(session, outcome, options);
      });
  add("scan-all", "check everything about a candidate", (scan) => ({ checks: scan.ALL_CHECKS, level: "deep" }));
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
  add("verify-checksums", "recompute every digest, chunk, tree and root; needs no configuration", (scan) => ({
    checks: scan.VERIFY_CHECKS,
    level: "verify",
  }));
}
