import { isJsonObject, type JsonObject, type JsonValue } from "../../model/json.ts";
import type {
  Action,
  ActionOptions,
  Check,
  Expectations,
  JsonMatch,
  Pattern,
  Save,
  Step,
  Undo,
  UndoAction,
  Verb,
} from "./action.ts";
import { durationMs } from "./durations.ts";
import { parseVerb } from "./parse-verb.ts";
import { type Part, texts } from "./part.ts";
import { parsePattern } from "./patterns.ts";

/** Time limit of an action that gives none. */
export const DEFAULT_TIMEOUT_MS = 300_000;
/** Time limit of a request that gives none (F25). */
export const DEFAULT_REQUEST_MS = 10_000;

/** How old a go decision may be at a final step that says nothing else. */
export const DEFAULT_GO_FRESH_MS = 1_800_000;

/** An action of the plan, under this name. */
export function parseAction(part: Part, name: string): Action {
  const verb = parseVerb(part);
  return { name, verb, expect: parseExpectations(part.raw), options: parseOptions(part.raw, verb), line: part.line };
}

/** A check of the plan: the schema has let only reading verbs through. */
export function parseCheck(part: Part, name: string): Check {
  return parseAction(part, name) as Check;
}

/** A step with its way back. */
export function parseStep(part: Part): Step {
  const id = part.text("id") ?? "";
  const action = parseAction(part, id);
  const doneIf = part.child("done_if");
  const fresh = part.text("fresh");
  return {
    ...action,
    id,
    undo: parseUndo(part, action.verb),
    writes: part.raw["writes"] === undefined ? undefined : { on: part.text("on"), files: part.texts("writes") },
    doneIf: doneIf === undefined ? undefined : parseCheck(doneIf, `${id}.done_if`),
    redo: part.raw["redo"] === true,
    final: part.raw["final"] === true,
    freshMs: fresh === undefined ? DEFAULT_GO_FRESH_MS : durationMs(fresh),
  };
}

/** True for a verb that may change the world. */
export function isMutating(verb: Verb): boolean {
  if (verb.kind === "http" || verb.kind === "sql") return !verb.isRead;
  return verb.kind === "sh" || verb.kind === "flip" || verb.kind === "restore";
}

function parseUndo(part: Part, verb: Verb): Undo {
  const raw = part.raw["undo"];
  if (raw === undefined || raw === null) {
    if (verb.kind === "flip") return { kind: "own" };
    return { kind: "none", reason: isMutating(verb) ? "" : "it changes nothing" };
  }
  if (isJsonObject(raw) && typeof raw["none"] === "string") return { kind: "none", reason: raw["none"] };
  return { kind: "actions", actions: parseUndoActions(raw, part, "undo", `${part.text("id")}.undo`), raw };
}

/** The actions of an undo: one, or a list; named `<name>.1`, `<name>.2`, … */
export function parseUndoActions(raw: JsonValue, part: Part, key: string, name: string): readonly UndoAction[] {
  if (Array.isArray(raw)) {
    return part.list(key).map((item, at) => parseUndoAction(item, `${name}.${at + 1}`));
  }
  const only = part.child(key);
  return only === undefined ? [] : [parseUndoAction(only, `${name}.1`)];
}

/** One action of an undo with its fallbacks. */
export function parseUndoAction(part: Part, name: string): UndoAction {
  return {
    ...parseAction(part, name),
    fallback: part.list("else").map((item, at) => parseAction(item, `${name}.else.${at + 1}`)),
    last: part.raw["last"] === true,
    was: part.text("was"),
    needs: part.texts("needs"),
    loses: part.text("loses"),
  };
}

function parseExpectations(raw: JsonObject): Expectations {
  return {
    exit: typeof raw["exit"] === "number" ? raw["exit"] : 0,
    out: texts(raw["out"]).map(parsePattern),
    not: texts(raw["not"]).map(parsePattern),
    empty: raw["empty"] === true,
    status: typeof raw["status"] === "number" ? raw["status"] : undefined,
    json: new Map(entries(raw["json"]).map(([pointer, match]) => [pointer, parseMatch(match)])),
    absent: texts(raw["absent"]),
  };
}

function parseMatch(raw: JsonValue): JsonMatch {
  const nothing = { equals: undefined, min: undefined, max: undefined, match: undefined, not: undefined };
  if (!isJsonObject(raw)) return { ...nothing, equals: { value: raw } };
  const { min, max, match, not } = raw;
  return {
    equals: undefined,
    min: typeof min === "number" ? min : undefined,
    max: typeof max === "number" ? max : undefined,
    match: typeof match === "string" ? parsePattern(match) : undefined,
    not: not === undefined ? undefined : { value: not },
  };
}

function parseOptions(raw: JsonObject, verb: Verb): ActionOptions {
  const timeout = raw["timeout"];
  const retry = raw["retry"];
  return {
    say: textOf(raw["say"]),
    by: texts(raw["by"]),
    each: textOf(raw["each"]),
    when: textOf(raw["if"]),
    na: textOf(raw["na"]),
    env: new Map(entries(raw["env"]).map(([name, value]) => [name, String(value)])),
    dir: textOf(raw["dir"]),
    timeoutMs: typeof timeout === "string" ? durationMs(timeout) : defaultTimeout(verb),
    retryMs: typeof retry === "string" ? durationMs(retry) : undefined,
    save: [...saves(raw["save"], false), ...saves(raw["save?"], true)],
  };
}

function defaultTimeout(verb: Verb): number {
  if (verb.kind === "manual") return 0;
  return verb.kind === "http" ? DEFAULT_REQUEST_MS : DEFAULT_TIMEOUT_MS;
}

function saves(raw: JsonValue | undefined, isOptional: boolean): Save[] {
  return entries(raw).map(([name, text]) => ({ name, pattern: patternOf(text), isOptional }));
}

function patternOf(raw: JsonValue): Pattern {
  return parsePattern(String(raw));
}

function entries(raw: JsonValue | undefined): [string, JsonValue][] {
  return isJsonObject(raw) ? Object.entries(raw) : [];
}

function textOf(raw: JsonValue | undefined): string | undefined {
  return typeof raw === "string" ? raw : undefined;
}
