import { userInfo } from "node:os";
import { relative, resolve } from "node:path";
import type { Command } from "commander";
import { toolVersion } from "../config/tool-version.ts";
import type { DriverOptions } from "../cutover/engine/open-run.ts";
import type { Given } from "../cutover/plan/bind.ts";
import { systemClock } from "../cutover/time/clock.ts";
import { MigrationError } from "../model/errors.ts";
import type { JsonObject } from "../model/json.ts";
import { type CommonOptions, contextHere, type Session } from "./session.ts";

/** Options of commands that start a run. */
export interface ValueOptions {
  readonly var?: readonly string[];
  readonly assign?: readonly string[];
}

/** Adds `--var` and `--assign`. */
export function withValues(command: Command): Command {
  return command
    .option("--var <name=value>", "value of a variable of the plan; a list with commas", collect)
    .option("--assign <role=person>", "who holds a role; several with commas", collect);
}

/** An option that may come several times. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** What `--var` and `--assign` gave. */
export function givenFrom(options: ValueOptions): Omit<Given, "environment"> {
  return { vars: pairs("--var", options.var), roles: pairs("--assign", options.assign) };
}

/** `name=value` options as a map; USAGE for anything else. */
export function pairs(option: string, given: readonly string[] | undefined): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const one of given ?? []) {
    const at = one.indexOf("=");
    if (at < 1)
      throw new MigrationError("USAGE", { message: `${option} takes name=value, got ${JSON.stringify(one)}.` });
    map.set(one.slice(0, at), one.slice(at + 1));
  }
  return map;
}

/** Options of commands that somebody signs. */
export interface SignerOptions {
  readonly role?: string;
  readonly name?: string;
  readonly via?: string;
  readonly say?: string;
  readonly for?: string;
  readonly reason?: string;
  readonly field?: readonly string[];
}

/** The signature that a command line gives. */
export function signed(options: SignerOptions): JsonObject {
  const { role = "", via, say = "", reason } = options;
  return {
    role,
    name: options.name ?? userInfo().username,
    say,
    fields: Object.fromEntries(pairs("--field", options.field)),
    ...(via === undefined ? {} : { via }),
    ...(options.for === undefined ? {} : { about: options.for }),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** A driver for this command line. */
export function driverOptions(
  session: Session,
  options: CommonOptions & { readonly exitOnHold?: boolean; readonly until?: string },
): DriverOptions {
  const hurried = new AbortController();
  const isQuiet = options.quiet === true || options.json === true;
  hurryAtSecond(session, hurried);
  return {
    root: contextHere(session, options).root,
    clock: systemClock(),
    environment: process.env,
    command: process.argv.slice(2).join(" "),
    driver: `candor ${toolVersion()}`,
    exitOnHold: options.exitOnHold === true,
    until: options.until,
    interrupted: session.signal,
    hurried: hurried.signal,
    say: isQuiet ? () => {} : (line) => process.stderr.write(`${line}\n`),
  };
}

/**
 * The first signal is everybody's: nothing new is begun. The same one again ends what runs, and never the driver half-way
 * through a record. A closed terminal may say so twice, so SIGHUP ends nothing.
 */
function hurryAtSecond(session: Session, hurried: AbortController): void {
  const isEarly = session.signal.aborted;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    let count = isEarly ? 1 : 0;
    process.on(signal, () => {
      count++;
      if (count > 1) hurried.abort();
    });
  }
  process.on("SIGHUP", () => {});
}

/** The path of a plan, and how messages call it. */
export function planPath(given: string): { readonly path: string; readonly file: string } {
  const path = resolve(given);
  const file = relative(process.cwd(), path);
  return { path, file: file.startsWith("..") ? path : file };
}
