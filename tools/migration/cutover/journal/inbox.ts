import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { isJsonObject, type JsonObject } from "../../model/json.ts";
import { fsyncDirectory, toStoreError, writeFileAtomic } from "../../stores/atomic-file.ts";
import type { Clock } from "../time/clock.ts";
import type { RunDirectory } from "./run-directory.ts";

/** What another command asks of the driver: `sign`, `hold`, `trigger`, `gate`. */
export interface Request {
  /** File name without its end; unique, and ascending by time. */
  readonly id: string;
  readonly command: string;
  /** Host and process that asked. */
  readonly from: string;
  readonly at: string;
  readonly body: JsonObject;
}

const NAME = /^[0-9TZ]+-[A-Za-z0-9_-]+\.json$/;
let counter = 0;

/** Puts a request into the inbox of a run, as a whole and durably; gives its id. */
export function putRequest(run: RunDirectory, clock: Clock, asked: Pick<Request, "command" | "body">): string {
  const at = clock.wall().toISOString();
  const host = hostname().replace(/[^A-Za-z0-9]/g, "_");
  const id = `${at.replace(/[-:.]/g, "")}-${host}-${process.pid}-${counter++}`;
  const request: Request = { ...asked, id, from: `${hostname()} ${process.pid}`, at };
  writeFileAtomic(join(run.inbox, `${id}.json`), `${JSON.stringify(request)}\n`, { mode: 0o600 });
  return id;
}

/**
 * The requests that wait, oldest first. The holder of the lock journals each one by its id and then calls
 * `removeRequest`; one that is in the journal already was answered by a driver that was killed in between.
 */
export function readRequests(run: RunDirectory): readonly Request[] {
  try {
    const names = readdirSync(run.inbox).filter((name) => NAME.test(name));
    return names.sort().flatMap((name) => parseRequest(readFileSync(join(run.inbox, name), "utf8")) ?? []);
  } catch (error) {
    throw toStoreError(error, "Reading the inbox of the run");
  }
}

/** Takes a request out of the inbox. */
export function removeRequest(run: RunDirectory, id: string): void {
  rmSync(join(run.inbox, `${id}.json`), { force: true });
  fsyncDirectory(run.inbox);
}

/** Whether a request still waits: a command that asked looks here for its answer. */
export function isWaiting(run: RunDirectory, id: string): boolean {
  return existsSync(join(run.inbox, `${id}.json`));
}

function parseRequest(text: string): Request | undefined {
  const value = parse(text);
  if (!isJsonObject(value)) return undefined;
  const { id, command, from, at, body } = value;
  if (typeof id !== "string" || typeof command !== "string" || typeof from !== "string") return undefined;
  return typeof at === "string" && isJsonObject(body) ? { id, command, from, at, body } : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
