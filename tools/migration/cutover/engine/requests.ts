import { MigrationError } from "../../model/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../model/json.ts";
import { type Request, readRequests, removeRequest } from "../journal/inbox.ts";
import type { Gate } from "../plan/plan.ts";
import { evaluateGate } from "./gates.ts";
import type { Run } from "./run.ts";
import { checkSignature, refused, signRequestOf } from "./signatures.ts";
import { isStorageFault } from "./storage-fault.ts";
import { trigger } from "./trigger.ts";

/** How often the inbox is looked into. */
export const INBOX_POLL_MS = 200;

/** Takes in what other commands ask for, until the run is over. */
export async function listen(run: Run, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await takeWritten(run);
    await run.clock.sleep(INBOX_POLL_MS, over);
  }
}

/** The gate of this name, or every gate of the plan. */
function gatesNamed({ plan }: Run, name: JsonValue | undefined): readonly Gate[] {
  if (name === undefined && plan.gates.size > 0) return [...plan.gates.values()];
  const gate = plan.gates.get(String(name ?? ""));
  if (gate !== undefined) return [gate];
  throw refused(name === undefined ? "The plan has no gates." : `The plan has no gate ${String(name)}.`);
}

/** Something that was not as planned, signed; each commit that it explains is a record of its own (F83). */
function deviate(run: Run, body: JsonObject): void {
  const sign = checkSignature(run, { ...signRequestOf({ ...body, say: "deviation" }), about: "deviation" });
  const text = sign.reason ?? "";
  if (text === "") throw refused("A deviation needs a --reason.");
  const commits = isJsonObject(body["commits"]) ? Object.entries(body["commits"]) : [];
  const bad = commits.find(([, commit]) => typeof commit !== "string" || !/^[0-9a-f]{7,64}$/.test(commit));
  if (bad !== undefined) throw refused(`The commit of ${bad[0]} must be 7 to 64 hex digits.`);
  const parts = commits.length === 0 ? [[null, null] as const] : commits;
  for (const [repo, commit] of parts) {
    const data = { text, repo, commit: commit === null ? null : String(commit), plan: null, sign };
    run.record({ type: "deviation", step: null, attempt: null, data });
  }
  run.parts.say(`deviation, signed by ${sign.name}: ${text}`);
}

/** What cannot be written down is not taken: it stays in the inbox until there is room. */
async function takeWritten(run: Run): Promise<void> {
  try {
    await takeRequests(run);
  } catch (error) {
    if (!isStorageFault(error)) throw error;
  }
}

/** Takes in every request that waits. */
export async function takeRequests(run: Run): Promise<void> {
  for (const request of readRequests(run.parts.directory)) {
    if (!run.state.requests.has(request.id)) await take(run, request);
    removeRequest(run.parts.directory, request.id);
  }
}

/** The effect is journaled before the request: killed in between it is taken twice, and twice is the same as once. */
async function take(run: Run, request: Request): Promise<void> {
  let problem: string | undefined;
  try {
    await answer(run, request);
  } catch (error) {
    if (!(error instanceof MigrationError) || error.code !== "REFUSED") throw error;
    problem = error.message;
  }
  const { id, from } = request;
  const command = problem === undefined ? request.command : "refused";
  const body: JsonObject = problem === undefined ? request.body : { reason: problem, command: request.command };
  run.record({ type: "request", step: null, attempt: null, data: { id, command, from, body } });
  if (problem !== undefined) run.parts.say(`refused ${request.command} from ${from}: ${problem}`);
}

async function answer(run: Run, { command, body }: Request): Promise<void> {
  switch (command) {
    case "sign": {
      const sign = checkSignature(run, signRequestOf(body));
      run.record({ type: "sign", step: sign.about, attempt: null, data: sign });
      run.parts.say(`signed  ${sign.role} (${sign.name}): ${sign.say} ${sign.about}`);
      return;
    }
    case "hold":
    case "rollback":
      // The request itself is what the walk looks at.
      if (run.state.end !== undefined && command === "hold") throw refused("The run has ended.");
      return;
    case "deviation":
      deviate(run, body);
      return;
    case "trigger":
      trigger(run, String(body["stop"] ?? ""), signRequestOf({ ...body, say: "trigger" }));
      return;
    case "gate": {
      for (const gate of gatesNamed(run, body["gate"])) await evaluateGate(run, gate);
      return;
    }
    default:
      throw refused(`The driver knows no request ${command}.`);
  }
}
