import type { LintBook } from "./lint-book.ts";
import type { Plan, VarValue } from "./plan.ts";

/** What a run is started with beside its plan. */
export interface Given {
  /** `--var name=value`; a list is given with commas. */
  readonly vars: ReadonlyMap<string, string>;
  /** `--assign role=person`, several with commas. */
  readonly roles: ReadonlyMap<string, string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The values a run works with. */
export interface Bound {
  readonly vars: ReadonlyMap<string, VarValue>;
  readonly roles: ReadonlyMap<string, readonly string[]>;
  /** Only those that are there. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Connection strings by the environment variables that the databases of the plan name. */
  readonly connections: ReadonlyMap<string, string>;
  /** Names of optional secrets that are not there. */
  readonly missing: ReadonlySet<string>;
}

/** A value from outside that an unquoted shell variable leaves in one piece. */
const SAFE = /^[A-Za-z0-9._:/@+][A-Za-z0-9._:/@+-]*$/;

/** Gives every name of the plan its value; everything that is missing or not allowed goes into the book. */
export function bind(plan: Plan, given: Given, book: LintBook): Bound {
  return {
    vars: bindVars(plan, given, book),
    roles: bindRoles(plan, given, book),
    ...bindSecrets(plan, given, book),
    connections: bindConnections(plan, given, book),
  };
}

function bindVars(plan: Plan, given: Given, book: LintBook): ReadonlyMap<string, VarValue> {
  const vars = new Map<string, VarValue>();
  const lists = new Set(listNames(plan));
  for (const [name, { value, isText }] of plan.vars) {
    const text = given.vars.get(name);
    if (text === undefined && value === undefined)
      book.error(1, `vars ${name}`, `has no value: give it with --var ${name}=…`);
    else if (text === undefined) vars.set(name, value ?? "");
    else if (isAllowed(text, isText, lists.has(name))) vars.set(name, lists.has(name) ? text.split(",") : text);
    else
      book.error(
        1,
        `vars ${name}`,
        "the given value could be taken apart by a shell: allowed are letters, digits and . _ : / @ + - (or list it under text_vars)",
      );
  }
  for (const name of given.vars.keys()) {
    if (!plan.vars.has(name)) book.error(1, `vars ${name}`, "the plan has no such variable");
  }
  return vars;
}

function isAllowed(text: string, isText: boolean, isList: boolean): boolean {
  if (isText) return !/[\n\r\0]/.test(text);
  return (isList ? text.split(",") : [text]).every((one) => SAFE.test(one));
}

/** Variables that are lists: written as one, or gone through somewhere. */
function listNames(plan: Plan): readonly string[] {
  const written = [...plan.vars].filter(([, { value }]) => Array.isArray(value)).map(([name]) => name);
  const checks = [...plan.checks.values()].flatMap((check) => check.options.each ?? []);
  const steps = plan.phases.flatMap((phase) =>
    phase.steps.flatMap((item) => ("use" in item ? item.each : item.options.each) ?? []),
  );
  return [...written, ...checks, ...steps];
}

function bindRoles(plan: Plan, given: Given, book: LintBook): ReadonlyMap<string, readonly string[]> {
  const roles = new Map<string, readonly string[]>();
  for (const [role, people] of plan.roles) {
    const named = given.roles.get(role)?.split(",") ?? people;
    if (named.length === 0) book.error(1, `roles ${role}`, `nobody holds it: give --assign ${role}=…`);
    roles.set(role, named);
  }
  for (const role of given.roles.keys())
    if (!plan.roles.has(role)) book.error(1, `roles ${role}`, "the plan has no such role");
  for (const group of plan.distinct) {
    const people = group.flatMap((role) => [...new Set(roles.get(role) ?? [])]);
    const twice = people.find((person, at) => people.indexOf(person) < at);
    if (twice !== undefined) book.error(1, "distinct", `${twice} holds more than one of ${group.join(", ")}`);
  }
  return roles;
}

function bindSecrets(plan: Plan, { environment }: Given, book: LintBook): Pick<Bound, "secrets" | "missing"> {
  const secrets = new Map<string, string>();
  const missing = new Set<string>();
  for (const { name, isOptional } of plan.secrets) {
    const value = environment[name];
    if (value !== undefined && value !== "") secrets.set(name, value);
    else if (isOptional) missing.add(name);
    else book.error(1, `secrets ${name}`, "is not in the environment");
  }
  return { secrets, missing };
}

/** The variables that databases of a plan name. What is in them reaches no command, unlike a secret. */
export function connectionNames(plan: Plan): readonly string[] {
  const named = [...plan.dbs.values()].flatMap((db) => (db.kind === "server" && db.env !== undefined ? [db.env] : []));
  return [...new Set(named)];
}

function bindConnections(plan: Plan, { environment }: Given, book: LintBook): ReadonlyMap<string, string> {
  const connections = new Map<string, string>();
  for (const name of connectionNames(plan)) {
    const value = environment[name];
    if (value === undefined || value === "") book.error(1, `dbs ${name}`, "is not in the environment");
    else connections.set(name, value);
  }
  return connections;
}
