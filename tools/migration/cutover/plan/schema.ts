import { ACTION_DEFS } from "./schema-actions.ts";
import { PACK_SCHEMA } from "./schema-pack.ts";
import { closed, listOf, mapOf, NAME, NAMES, ref, TEXT } from "./schema-words.ts";

const STOP = closed(
  {
    id: NAME,
    say: TEXT,
    use: { oneOf: [NAME, NAMES], description: "checks by name" },
    probe: TEXT,
    on: NAME,
    http: ref("http"),
    manual: TEXT,
    by: ref("names"),
    ...ACTION_DEFS.expectations,
    timeout: ref("duration"),
    each: ref("variable"),
    every: ref("duration"),
    bad_for: ref("duration"),
    ok_after: { type: "integer", minimum: 1, maximum: 100 },
    from: { type: "string", minLength: 1, description: "a step (once it has ended), a phase (once started), or T0" },
    then: { enum: ["pause", "hold", "rollback-phase", "rollback"] },
  },
  ["id", "then"],
  { oneOf: ["use", "probe", "http", "manual"].map((one) => ({ required: [one] })) },
);

const TICK = closed(
  {
    at: { type: "string", pattern: "^T(0|[+-][0-9]+(s|m|h)?)$" },
    by: ref("names"),
    gates: NAMES,
    checks: NAMES,
    compare: { const: true },
    phase: { oneOf: [NAME, NAMES] },
    do: listOf(ref("acknowledgement")),
    sign: NAME,
    choose: { type: "array", minItems: 2, uniqueItems: true, items: { enum: ["go", "hold", "keep", "rollback"] } },
    evidence: TEXT,
  },
  ["at", "by"],
  { dependentRequired: { sign: ["choose"], choose: ["sign"] } },
);

const PHASE = closed(
  {
    id: NAME,
    title: TEXT,
    gate: TEXT,
    needs: NAMES,
    vars: ref("vars"),
    steps: { ...listOf(ref("phaseItem")), minItems: 1 },
    checkpoint: NAMES,
    undo: listOf(ref("undoAction")),
    evidence: listOf(ref("check")),
    on_fail: { enum: ["hold", "rollback-phase", "rollback"] },
  },
  ["id", "steps"],
);

const GATE = closed(
  { say: TEXT, by: ref("names"), pass: { ...listOf(ref("gateItem")), minItems: 1 }, fresh: ref("duration") },
  ["by", "pass"],
);

/** The published JSON Schema (2020-12) of plan format 1; `schemas/cutover-plan-1.json` is this as text. */
export const PLAN_SCHEMA = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "urn:candor:cutover-plan:1",
  title: "Cutover plan, format 1",
  ...closed(
    {
      cutover: { const: 1 },
      id: { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$" },
      title: TEXT,
      owner: TEXT,
      env: TEXT,
      status: TEXT,
      scope: TEXT,
      last_verified: ref("date"),
      opened: ref("date"),
      related: listOf(TEXT),
      change: closed({ date: ref("date"), what: TEXT, why: TEXT, downtime: TEXT, rollback: TEXT }),
      roles: { ...mapOf({ oneOf: [TEXT, { ...listOf(TEXT), minItems: 1 }, { type: "null" }] }), minProperties: 1 },
      distinct: listOf({ ...NAMES, minItems: 2 }),
      forbid_via: { const: true, description: "no signature through an agent" },
      vars: ref("vars"),
      text_vars: { ...listOf(ref("variable")), description: "variables that are free text" },
      secrets: listOf({ type: "string", pattern: "^[A-Za-z_][A-Za-z0-9_]*\\??$" }),
      hosts: mapOf(TEXT),
      dbs: mapOf(ref("database")),
      notify: ref("sh"),
      lock: closed({ host: NAME, path: TEXT }, ["path"]),
      assets: listOf(TEXT),
      harvest: mapOf(ref("regex")),
      run_keys: {
        ...closed({ harvest: NAME, of: ref("regex"), form: ref("regex") }, ["harvest", "of"]),
        description: "commands whose output must name a run key, and its form; else the run cannot be closed",
      },
      checks: mapOf(ref("check")),
      sets: mapOf({ ...NAMES, minItems: 1 }),
      gates: mapOf(GATE),
      baseline: closed({ after: TEXT, of: { ...NAMES, minItems: 1 }, tolerance: mapOf({ type: "number" }) }, [
        "after",
        "of",
      ]),
      timeline: { ...listOf(TICK), minItems: 1 },
      phases: { ...listOf(PHASE), minItems: 1 },
      stop: listOf(STOP),
      control: { ...NAME, description: "the check that tells whether our own network is there" },
      restored: NAMES,
      done: NAMES,
      watch_for: ref("duration"),
      writes: {
        oneOf: [
          { const: "none" },
          closed({ fenced: ref("undoAction") }, ["fenced"]),
          closed({ captured: ref("undoAction") }, ["captured"]),
        ],
      },
      pack: PACK_SCHEMA,
    },
    ["cutover", "id", "owner", "roles", "phases"],
  ),
  $defs: ACTION_DEFS.defs,
};
