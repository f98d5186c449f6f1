import { isJsonObject, type JsonObject, type JsonValue } from "../../model/json.ts";
import type { ResolvedAction, ResolvedUndo } from "../journal/record.ts";
import type { Action, Step, UndoAction } from "../plan/action.ts";
import { parseUndoAction } from "../plan/parse-action.ts";
import { Part } from "../plan/part.ts";
import type { Phase, VarValue } from "../plan/plan.ts";
import { fillShown } from "../verbs/values.ts";
import type { Run } from "./run.ts";

/** An undo as it was written down with its step, ready to run. */
export interface RecordedUndo {
  readonly action: UndoAction;
  readonly vars: ReadonlyMap<string, VarValue>;
}

/** The way back of a step with the values of now; it rules from here on, whatever happens to the plan (F81). */
export function resolveUndo(run: Run, step: Step, phase: Phase, item: string | undefined): ResolvedUndo {
  const { undo } = step;
  if (undo.kind === "none") return { none: undo.reason, actions: [] };
  const vars = run.vars(phase, item);
  if (undo.kind === "own") {
    const action: ResolvedAction = {
      verb: step.verb.kind,
      text: "back to the recorded value",
      on: null,
      by: [],
      say: null,
      action: {},
    };
    return { none: null, actions: [action] };
  }
  const raws: readonly JsonValue[] = Array.isArray(undo.raw) ? undo.raw : [undo.raw];
  const actions = undo.actions.map((action, at) => resolved(run, action, raws[at] ?? null, vars));
  return { none: null, actions };
}

/** An action of the way back as the journal keeps it. */
export function resolved(
  run: Run,
  action: UndoAction,
  raw: JsonValue,
  vars: ReadonlyMap<string, VarValue>,
): ResolvedAction {
  const values = { vars, secrets: run.parts.bound.secrets };
  const kept: JsonObject = { name: action.name, raw, vars: Object.fromEntries(vars), line: action.line };
  return {
    verb: action.verb.kind,
    text: textOf(action, values),
    on: "on" in action.verb ? (action.verb.on ?? null) : null,
    by: action.options.by,
    say: action.options.say ?? null,
    action: kept,
  };
}

/** Reads an undo back from the journal; undefined for the own undo of a verb. */
export function readRecorded(resolvedAction: ResolvedAction): RecordedUndo | undefined {
  const { name, raw, vars, line } = resolvedAction.action;
  if (!isJsonObject(raw) || typeof name !== "string") return undefined;
  const source = { value: raw, lineOf: () => Number(line), writtenAt: () => undefined };
  const values = isJsonObject(vars) ? Object.entries(vars) : [];
  return {
    action: parseUndoAction(new Part(raw, "", source), name),
    vars: new Map(values.map(([key, value]) => [key, asValue(value)])),
  };
}

/** The words of an action: a command as it stands, anything else with its values put in. */
export function textOf({ verb }: Action, values: Parameters<typeof fillShown>[1]): string {
  switch (verb.kind) {
    case "sh":
    case "probe":
      return verb.command;
    case "sql":
      return verb.statement;
    case "manual":
      return fillShown(verb.text, values);
    case "http":
      return `${verb.method} ${fillShown(verb.url, values)}`;
    case "restore":
      return `restore ${verb.files.map((file) => fillShown(file, values)).join(", ")}`;
    default:
      return verb.kind;
  }
}

function asValue(value: JsonValue): VarValue {
  if (!Array.isArray(value)) return String(value);
  const items: readonly JsonValue[] = value;
  return items.map(String);
}
