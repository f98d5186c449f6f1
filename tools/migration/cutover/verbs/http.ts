import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { join } from "node:path";
import { writeFully } from "../../stores/atomic-file.ts";
import type { HttpVerb } from "../plan/action.ts";
import { resultAt, stamp } from "./results.ts";
import { fill, fillShown } from "./values.ts";
import type { OutputFile, VerbContext, VerbDriver, VerbResult } from "./verb.ts";

/** What is kept of an answer's body (F25). */
export const BODY_LIMIT_BYTES = 1024 * 1024;
const REDIRECTS = 5;

/** `http`: one request under one deadline for all of it; nothing is repeated by itself. */
export const httpDriver: VerbDriver<HttpVerb> = {
  prepare: async (verb, context) => ({ text: `${verb.method} ${fillShown(verb.url, context)}`, preImage: null }),
  run: send,
  // The request may have arrived: only a read is asked again (F12).
  recover: async (verb, context) => {
    if (verb.isRead) return undefined;
    return resultAt(stamp(context), context, {
      outcome: "unknown",
      recovered: true,
      reason: "the driver was killed while the request was under way; it may have arrived",
    });
  },
};

async function send(verb: HttpVerb, context: VerbContext): Promise<VerbResult> {
  const start = stamp(context);
  try {
    const answer = await context.clock.during(follow(verb, context));
    const out = keep(answer.body, answer.truncated, context);
    context.crashPoint("answered");
    return resultAt(start, context, { status: answer.status, out });
  } catch (error) {
    const reason = `no answer: ${error instanceof Error ? error.message : String(error)}`;
    return resultAt(start, context, { outcome: "unknown", reason, timedOut: reason.includes(TIME_OVER) });
  }
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
  readonly truncated: boolean;
  readonly location: string | undefined;
}

const TIME_OVER = "the time for the whole answer was over";

async function follow(verb: HttpVerb, context: VerbContext): Promise<Answer> {
  const deadline = AbortSignal.timeout(context.timeoutMs > 0 ? context.timeoutMs : 10_000);
  let url = new URL(fill(verb.url, context));
  for (let hop = 0; ; hop++) {
    const answer = await once(url, verb, context, AbortSignal.any([deadline, context.signal]));
    const isRedirect = answer.status >= 300 && answer.status < 400 && answer.location !== undefined;
    if (!verb.follow || !isRedirect || hop === REDIRECTS) return answer;
    url = new URL(answer.location ?? "", url);
  }
}

function once(url: URL, verb: HttpVerb, context: VerbContext, signal: AbortSignal): Promise<Answer> {
  const body = bodyOf(verb, context);
  const headers: Record<string, string> = { connection: "close" };
  if (body !== undefined) {
    headers["content-type"] = "application/json";
    headers["content-length"] = String(Buffer.byteLength(body));
  }
  for (const [name, value] of verb.headers) headers[name.toLowerCase()] = fill(value, context);
  return new Promise((resolve, reject) => {
    const start = url.protocol === "https:" ? httpsRequest : httpRequest;
    // An agent would keep the connection for an instance that is no longer the one that answers.
    const request = start(url, { method: verb.method, headers, agent: false });
    const end = (): void => {
      request.destroy(new DOMException(TIME_OVER, "TimeoutError"));
    };
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { once: true });
    request.on("close", () => signal.removeEventListener("abort", end));
    request.on("error", reject);
    request.on("finish", () => context.crashPoint("sent"));
    request.on("response", (response) => collect(response, resolve, reject));
    request.end(body);
  });
}

function collect(response: IncomingMessage, resolve: (answer: Answer) => void, reject: (error: Error) => void): void {
  const parts: Buffer[] = [];
  let size = 0;
  const answer = (truncated: boolean): Answer => ({
    status: response.statusCode ?? 0,
    body: Buffer.concat(parts).subarray(0, BODY_LIMIT_BYTES),
    truncated,
    location: response.headers.location,
  });
  response.on("data", (part: Buffer) => {
    parts.push(part);
    size += part.length;
    if (size <= BODY_LIMIT_BYTES) return;
    resolve(answer(true));
    response.destroy();
  });
  response.on("end", () => resolve(answer(false)));
  response.on("error", reject);
  response.on("aborted", () => reject(new DOMException("the answer broke off", "AbortError")));
}

function bodyOf(verb: HttpVerb, context: VerbContext): string | undefined {
  if (verb.body === undefined) return undefined;
  const file = /^@(.+)$/.exec(verb.body)?.[1];
  if (file === undefined) return fill(verb.body, context);
  return readFileSync(join(context.root, fill(file, context)), "utf8");
}

function keep(body: Buffer, truncated: boolean, context: VerbContext): OutputFile {
  mkdirSync(context.folder, { recursive: true, mode: 0o700 });
  const path = join(context.folder, "out");
  const fd = openSync(path, "w", 0o600);
  try {
    writeFully(fd, body);
  } finally {
    closeSync(fd);
  }
  return { path, truncated };
}
