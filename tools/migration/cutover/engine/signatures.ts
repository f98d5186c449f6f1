import { MigrationError } from "../../model/errors.ts";
import { isJsonObject, type JsonObject } from "../../model/json.ts";
import type { Signature } from "../journal/record.ts";
import type { Plan } from "../plan/plan.ts";
import { everyAction } from "../plan/walk.ts";
import { isSavable } from "../verbs/expectations.ts";
import type { Run } from "./run.ts";

/** What somebody wants to sign. */
export interface SignRequest {
  readonly about: string | undefined;
  readonly role: string;
  readonly name: string;
  readonly via: string | null;
  readonly say: string;
  readonly reason: string | null;
  readonly fields: Readonly<Record<string, string>>;
}

const NEED_REASON = ["override", "abort", "hold", "rollback", "rollback-phase", "end"];

/** The signature, if this person may give it in this role; REFUSED says why not. */
export function checkSignature(run: Run, request: SignRequest): Signature {
  const { role, name, via, say, reason, fields } = request;
  const about = request.about ?? run.state.hold?.subject ?? openDecision(run);
  if (about === undefined) throw refused("Nothing is open: say what you sign with --for.");
  const people = run.parts.bound.roles.get(role);
  if (people === undefined)
    throw refused(`The plan has no role ${role}; it has ${[...run.plan.roles.keys()].join(", ")}.`);
  if (!people.includes(name)) throw refused(`${name} does not hold the role ${role}; ${people.join(", ")} does.`);
  if (via !== null && run.plan.forbidVia) throw refused("This plan takes no signatures through an agent.");
  assertDistinct(run, role, name);
  if (say === "keep" && run.badStops.size > 0) {
    throw refused(`keep is refused while a stop is bad: ${[...run.badStops].join(", ")}.`);
  }
  if (NEED_REASON.includes(say) && (reason ?? "") === "") throw refused(`--say ${say} needs a --reason.`);
  assertChanged(run, about, role, say, reason);
  if (say === "done") assertFields(run, about, fields);
  return { about, role, name, via, say, reason, fields, head: run.parts.journal.head.hash };
}

/** The decision a tick waits for. */
function openDecision(run: Run): string | undefined {
  return run.plan.timeline.find((tick) => tick.decision !== undefined && !run.state.ticks.has(tick.label))?.decision
    ?.name;
}

/** F77: nobody signs for two roles that must be two persons. */
function assertDistinct(run: Run, role: string, name: string): void {
  for (const group of run.plan.distinct.filter((one) => one.includes(role))) {
    const other = run.state.signs.find((sign) => sign.name === name && sign.role !== role && group.includes(sign.role));
    if (other !== undefined)
      throw refused(`${name} has signed as ${other.role}, and ${group.join(" and ")} must be different persons.`);
  }
}

/** F76: who has said hold may say go later, but says why. */
function assertChanged(run: Run, about: string, role: string, say: string, reason: string | null): void {
  const before = run.state.signs.findLast((sign) => sign.about === about && sign.role === role);
  if (before?.say === "hold" && say !== "hold" && (reason ?? "") === "") {
    throw refused(`${role} has said hold about ${about}: a ${say} after it needs a --reason.`);
  }
}

/**
 * Fields become variables: only those that the plan asks for under this name, or that the step would have saved. Who says that
 * a step is done gives what it would have saved, or what comes after it would have nothing to go on.
 */
function assertFields(run: Run, about: string, fields: Readonly<Record<string, string>>): void {
  const { asked, saved } = fieldsOf(run.plan, about.replace(/\[.*\]$/s, ""));
  for (const [name, value] of Object.entries(fields)) {
    if (!asked.has(name) && !saved.has(name)) throw refused(`${about} has no field ${name}.`);
    if (!isSavable(value, run.plan.vars.get(name)?.isText === true))
      throw refused(`The value of the field ${name} could be taken apart by a shell.`);
  }
  const missing = [...saved].filter(([name, isOptional]) => !isOptional && fields[name] === undefined);
  if (run.state.hold?.subject !== about || missing.length === 0) return;
  const words = missing.map(([name]) => `--field ${name}=…`).join(" ");
  throw refused(`${about} would have saved what comes after it needs: say done with ${words}.`);
}

function fieldsOf(plan: Plan, name: string): { asked: ReadonlySet<string>; saved: ReadonlyMap<string, boolean> } {
  const actions = [...everyAction(plan)].map(({ action }) => action).filter((action) => action.name === name);
  const asked = actions.flatMap(({ verb }) => (verb.kind === "manual" ? verb.ask : []));
  const saved = actions.flatMap(({ options }) => options.save.map((save) => [save.name, save.isOptional] as const));
  return { asked: new Set(asked), saved: new Map(saved) };
}

/** Reads a request out of the inbox. */
export function signRequestOf(body: JsonObject): SignRequest {
  const text = (key: string): string | undefined => (typeof body[key] === "string" ? body[key] : undefined);
  const fields = isJsonObject(body["fields"]) ? Object.entries(body["fields"]) : [];
  return {
    about: text("about"),
    role: text("role") ?? "",
    name: text("name") ?? "",
    via: text("via") ?? null,
    say: text("say") ?? "",
    reason: text("reason") ?? null,
    fields: Object.fromEntries(fields.map(([key, value]) => [key, String(value)])),
  };
}

/** A refusal in one sentence. */
export function refused(message: string): MigrationError {
  return new MigrationError("REFUSED", {
    message,
    remedy: "`candor cutover status` says what is open and who may act.",
  });
}
