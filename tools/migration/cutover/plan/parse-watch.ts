import { durationMs, tickOffsetMs } from "./durations.ts";
import { parseCheck } from "./parse-action.ts";
import { Part } from "./part.ts";
import { type Decision, STOP_ACTIONS, type Stop, type StopSource, type StopStart, type Tick } from "./plan.ts";

/** Good samples in a row that clear a stop; with fewer, a service that flaps would never be bad for long (F32). */
export const DEFAULT_OK_AFTER = 3;

const STOP_WORDS = ["id", "use", "every", "bad_for", "ok_after", "from", "then"];

/** A stop condition of the plan. */
export function parseStop(part: Part, phases: ReadonlySet<string>): Stop {
  const id = part.text("id") ?? "";
  const every = part.text("every");
  const okAfter = part.raw["ok_after"];
  return {
    id,
    say: part.text("say") ?? id,
    source: parseSource(part, id),
    everyMs: every === undefined ? undefined : durationMs(every),
    badForMs: durationMs(part.text("bad_for") ?? "0s"),
    okAfter: typeof okAfter === "number" ? okAfter : DEFAULT_OK_AFTER,
    from: parseStart(part.text("from"), phases),
    then: STOP_ACTIONS.find((action) => action === part.text("then")) ?? "hold",
    line: part.line,
  };
}

function parseSource(part: Part, id: string): StopSource {
  const manual = part.text("manual");
  if (manual !== undefined) return { kind: "manual", text: manual, by: part.texts("by") };
  if (part.raw["use"] !== undefined) return { kind: "use", checks: part.texts("use") };
  const words = Object.entries(part.raw).filter(([word]) => !STOP_WORDS.includes(word));
  const check = new Part(Object.fromEntries(words), part.pointer, part.source);
  return { kind: "check", check: parseCheck(check, `stop.${id}`) };
}

function parseStart(text: string | undefined, phases: ReadonlySet<string>): StopStart | undefined {
  if (text === undefined) return undefined;
  if (text === "T0") return { kind: "T0" };
  return { kind: phases.has(text) ? "phase" : "step", id: text };
}

/** A tick of the timeline. */
export function parseTick(part: Part): Tick {
  const label = part.text("at") ?? "";
  return {
    label,
    offsetMs: tickOffsetMs(label),
    by: part.texts("by"),
    gates: part.texts("gates"),
    checks: part.texts("checks"),
    compare: part.raw["compare"] === true,
    phases: part.texts("phase"),
    actions: part.list("do").map((item, at) => parseCheck(item, `${label}.${at + 1}`)),
    decision: parseDecision(part),
    evidence: part.text("evidence"),
    line: part.line,
  };
}

function parseDecision(part: Part): Decision | undefined {
  const name = part.text("sign");
  if (name === undefined) return undefined;
  const choices = ["go", "hold", "keep", "rollback"] as const;
  const given = part.texts("choose");
  return { name, choose: choices.filter((choice) => given.includes(choice)) };
}
