import { type ErrorCode, MigrationError } from "../model/errors.ts";
import type { WireError } from "./protocol.ts";

/** An error as data; a bug keeps its first stack frames, never its message, which may quote the data. */
export function toWire(error: unknown): WireError {
  if (error instanceof MigrationError) {
    return { code: error.code, message: error.message, remedy: error.remedy, problems: error.problems };
  }
  const frames = error instanceof Error ? (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line)) : [];
  const name = error instanceof Error ? error.name : typeof error;
  return {
    code: "INTERNAL",
    message: `A fault of the tool in a worker (${name}).`,
    remedy: "Run the command again; if it fails again, report the lines above.",
    problems: frames.slice(0, 5).map((line) => line.trim()),
  };
}

/** The coded error that came as data; `cause` where it did not cross a thread. */
export function fromWire(wire: WireError, cause?: unknown): MigrationError {
  const details = { message: wire.message, problems: wire.problems, cause };
  return new MigrationError(
    wire.code as ErrorCode,
    wire.remedy === undefined ? details : { ...details, remedy: wire.remedy },
  );
}
