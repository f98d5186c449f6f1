import { sha256Hex } from "../../integrity/digest.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../model/json.ts";
import type { Check, Pattern } from "./action.ts";
import { durationMs } from "./durations.ts";
import { parseAction, parseCheck, parseUndoAction } from "./parse-action.ts";
import { parsePhase } from "./parse-phase.ts";
import { parseVars } from "./parse-vars.ts";
import { parseStop, parseTick } from "./parse-watch.ts";
import { Part, texts } from "./part.ts";
import { parsePattern } from "./patterns.ts";
import type {
  Baseline,
  Change,
  Database,
  FrontMatter,
  Gate,
  Plan,
  RunKeys,
  Secret,
  TargetLock,
  Use,
  Variable,
  Writes,
} from "./plan.ts";
import type { YamlSource } from "./yaml-source.ts";

/** The plan of a source that has the shape of the schema; names may still lead nowhere, which lint tells. */
export function parsePlan(source: YamlSource, text: string): Plan {
  const part = new Part(isJsonObject(source.value) ? source.value : {}, "", source);
  const phases = part.list("phases").map(parsePhase);
  const phaseIds = new Set(phases.map((phase) => phase.id));
  const id = part.text("id") ?? "";
  const notify = part.child("notify");
  const watchFor = part.text("watch_for");
  const done = part.texts("done");
  return {
    id,
    title: part.text("title") ?? id,
    owner: part.text("owner") ?? "",
    env: part.text("env"),
    front: parseFront(part),
    change: parseChange(part),
    roles: new Map(Object.entries(objectAt(part, "roles")).map(([role, who]) => [role, texts(who)])),
    distinct: listAt(part, "distinct").map(texts),
    forbidVia: part.raw["forbid_via"] === true,
    vars: parseVariables(part),
    secrets: part.texts("secrets").map(parseSecret),
    hosts: textMap(part, "hosts"),
    dbs: new Map(Object.entries(objectAt(part, "dbs")).map(([name, db]) => [name, parseDatabase(db)])),
    notify: notify === undefined ? undefined : parseAction(notify, "notify"),
    lock: parseLock(part),
    assets: part.texts("assets"),
    textVars: new Set(part.texts("text_vars")),
    harvest: new Map([...textMap(part, "harvest")].map(([name, pattern]) => [name, parsePattern(pattern)])),
    runKeys: parseRunKeys(part),
    checks: new Map(part.members("checks").map(([name, check]) => [name, parseCheck(check, name)])),
    sets: new Map(Object.entries(objectAt(part, "sets")).map(([name, checks]) => [name, texts(checks)])),
    gates: new Map(part.members("gates").map(([name, gate]) => [name, parseGate(gate, name)])),
    baseline: parseBaseline(part),
    timeline: part
      .list("timeline")
      .map(parseTick)
      .sort((a, b) => a.offsetMs - b.offsetMs),
    phases,
    stops: part.list("stop").map((stop) => parseStop(stop, phaseIds)),
    control: part.text("control"),
    restored: part.texts("restored"),
    done: { checks: done.filter((name) => name !== "no-rollback"), noRollback: done.includes("no-rollback") },
    watchForMs: watchFor === undefined ? 0 : durationMs(watchFor),
    writes: parseWrites(part),
    pack: objectAt(part, "pack"),
    text,
    digest: sha256Hex(text),
  };
}

function parseFront(part: Part): FrontMatter {
  return {
    status: part.text("status"),
    scope: part.text("scope"),
    lastVerified: part.text("last_verified"),
    opened: part.text("opened"),
    related: part.texts("related"),
  };
}

function parseChange(part: Part): Change {
  const change = part.child("change");
  return {
    date: change?.text("date"),
    what: change?.text("what"),
    why: change?.text("why"),
    downtime: change?.text("downtime"),
    rollback: change?.text("rollback"),
  };
}

function parseVariables(part: Part): ReadonlyMap<string, Variable> {
  const given = parseVars(part.child("vars"));
  const free = new Set(part.texts("text_vars"));
  const names = Object.keys(objectAt(part, "vars"));
  return new Map(names.map((name) => [name, { value: given.get(name), isText: free.has(name) }]));
}

function parseSecret(name: string): Secret {
  const isOptional = name.endsWith("?");
  return { name: isOptional ? name.slice(0, -1) : name, isOptional };
}

/** What a receipt of the users' own programs is called: name, moment and mark of a run. */
const RUN_KEY = "^CAP-[0-9]{8}-[0-9]{6}__[A-Za-z0-9][A-Za-z0-9_.-]*__R[A-Za-z0-9]+$";

function parseRunKeys(part: Part): RunKeys | undefined {
  const keys = part.child("run_keys");
  if (keys === undefined) return undefined;
  const pattern = (key: string, unless: string): Pattern => parsePattern(keys.text(key) ?? unless);
  return { harvest: keys.text("harvest") ?? "", of: pattern("of", ""), form: pattern("form", RUN_KEY) };
}

function parseDatabase(raw: JsonValue): Database {
  if (!isJsonObject(raw)) return { kind: "text", text: String(raw) };
  const { kind, env, schema } = raw;
  return {
    kind: "server",
    engine: kind === "mysql" ? "mysql" : "postgres",
    env: typeof env === "string" ? env : undefined,
    schema: typeof schema === "string" ? schema : undefined,
  };
}

function parseLock(part: Part): TargetLock | undefined {
  const lock = part.child("lock");
  return lock === undefined ? undefined : { host: lock.text("host"), path: lock.text("path") ?? "" };
}

function parseGate(part: Part, id: string): Gate {
  const fresh = part.text("fresh");
  return {
    id,
    say: part.text("say") ?? id,
    by: part.texts("by"),
    pass: part.list("pass").flatMap((item, at) => parseGateItem(item, `${id}.${at + 1}`)),
    freshMs: fresh === undefined ? undefined : durationMs(fresh),
    line: part.line,
  };
}

function parseGateItem(part: Part, name: string): readonly (Use | Check)[] {
  if (part.raw["use"] === undefined) return [parseCheck(part, name)];
  return part.texts("use").map((use) => ({ use, each: part.text("each"), line: part.line }));
}

function parseBaseline(part: Part): Baseline | undefined {
  const baseline = part.child("baseline");
  if (baseline === undefined) return undefined;
  const tolerance = Object.entries(objectAt(baseline, "tolerance"));
  return {
    after: baseline.text("after") ?? "",
    of: baseline.texts("of"),
    tolerance: new Map(tolerance.map(([name, value]) => [name, Number(value)])),
  };
}

function parseWrites(part: Part): Writes | undefined {
  if (part.raw["writes"] === "none") return { kind: "none" };
  const writes = part.child("writes");
  for (const kind of ["fenced", "captured"] as const) {
    const action = writes?.child(kind);
    if (action !== undefined) return { kind, by: parseUndoAction(action, `writes.${kind}`) };
  }
  return undefined;
}

function objectAt(part: Part, key: string): JsonObject {
  const value = part.raw[key];
  return isJsonObject(value) ? value : {};
}

function listAt(part: Part, key: string): readonly JsonValue[] {
  const value = part.raw[key];
  return Array.isArray(value) ? value : [];
}

function textMap(part: Part, key: string): ReadonlyMap<string, string> {
  return new Map(Object.entries(objectAt(part, key)).map(([name, value]) => [name, String(value)]));
}
