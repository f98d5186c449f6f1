import { closed, listOf, NAME, NAMES, ref, type SchemaPart, TEXT } from "./schema-words.ts";

const VARIABLE = { type: "string", pattern: "^[a-z][a-z0-9_]*$" };
const ENVIRONMENT = "^[A-Za-z_][A-Za-z0-9_]*$";
const COUNT = { type: "integer", minimum: 0 };
const SCALAR = { type: ["string", "number", "boolean"] };
const ONE_OR_MORE = { oneOf: [ref("regex"), { ...listOf(ref("regex")), minItems: 1 }] };

const EXPECTATIONS: SchemaPart = {
  exit: { type: "integer", minimum: 0, maximum: 255 },
  out: { ...ONE_OR_MORE, description: "regular expressions that must all match the output" },
  not: { ...ONE_OR_MORE, description: "regular expressions of which none may match" },
  empty: { const: true },
  status: { type: "integer", minimum: 100, maximum: 599 },
  json: {
    type: "object",
    minProperties: 1,
    propertyNames: { pattern: "^(/.*)?$" },
    additionalProperties: ref("jsonMatch"),
    description: "JSON Pointer to a value, or to {min, max, match, not}",
  },
  absent: { oneOf: [TEXT, { ...listOf(TEXT), minItems: 1 }] },
};

const OPTIONS: SchemaPart = {
  say: TEXT,
  by: ref("names"),
  each: ref("variable"),
  if: ref("variable"),
  na: TEXT,
  env: {
    type: "object",
    propertyNames: { pattern: ENVIRONMENT },
    additionalProperties: SCALAR,
  },
  dir: TEXT,
  timeout: ref("duration"),
  save: ref("save"),
  "save?": ref("save"),
};

const READ_VERBS: SchemaPart = {
  probe: TEXT,
  http: ref("http"),
  sql: TEXT,
  manual: TEXT,
  wait: ref("duration"),
  see: { ...listOf(TEXT), minItems: 1 },
};
const FILES = { ...listOf(TEXT), minItems: 1, uniqueItems: true };
const ALL_VERBS: SchemaPart = { ...READ_VERBS, sh: TEXT, flip: ref("flip") };

const RULES: readonly SchemaPart[] = [
  { if: { required: ["sql"] }, then: { required: ["db"] }, else: { properties: { db: false } } },
  { if: { required: ["rows"] }, then: { required: ["sql"] } },
  { if: { required: ["ask"] }, then: { required: ["manual"] } },
  { if: { required: ["manual"] }, then: { required: ["by"] } },
  {
    if: { required: ["on"] },
    then: { anyOf: [{ required: ["probe"] }, { required: ["sh"] }, { required: ["manual", "writes"] }] },
  },
];

/** In a check, what may write must say that it only reads. */
const READS_ONLY: readonly SchemaPart[] = [
  { if: { required: ["sql"] }, then: { required: ["read"] } },
  {
    if: {
      required: ["http"],
      properties: { http: { type: "object", required: ["method"], properties: { method: { not: ref("getOrHead") } } } },
    },
    then: { required: ["read"] },
  },
];

function exactlyOne(verbs: SchemaPart): SchemaPart {
  return { oneOf: Object.keys(verbs).map((verb) => ({ required: [verb] })) };
}

function action(verbs: SchemaPart, further: SchemaPart, rules: readonly SchemaPart[], required: string[] = []) {
  const verbOptions = {
    on: NAME,
    db: NAME,
    read: { const: true },
    rows: ref("rows"),
    ask: { ...listOf(VARIABLE), minItems: 1 },
  };
  const properties = { ...verbs, ...verbOptions, ...EXPECTATIONS, ...OPTIONS, ...further };
  return closed(properties, required, { ...exactlyOne(verbs), allOf: [...RULES, ...rules] });
}

const RETRY: SchemaPart = { retry: ref("duration") };
const UNDO_WORDS: SchemaPart = {
  else: listOf(ref("action")),
  last: { const: true },
  was: NAME,
  needs: NAMES,
  loses: NAME,
};

const STEP = action(
  ALL_VERBS,
  {
    ...RETRY,
    id: NAME,
    undo: ref("undo"),
    writes: { ...FILES, description: "files whose bytes and mode are kept before the step begins" },
    done_if: ref("check"),
    redo: { const: true },
    final: { const: true },
    fresh: ref("duration"),
  },
  [],
  ["id"],
);

const HTTP_OBJECT = closed(
  {
    url: TEXT,
    method: { enum: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] },
    headers: { type: "object", additionalProperties: { type: "string" } },
    body: {},
    follow: { const: true },
  },
  ["url"],
);

const FLIP = {
  oneOf: [
    closed({ link: TEXT, root: TEXT, scan_age: ref("duration"), allow: listOf({ enum: ["owner", "mode"] }) }, [
      "link",
      "root",
      "scan_age",
    ]),
    closed({ file: TEXT, key: TEXT, to: SCALAR }, ["file", "key", "to"]),
    closed({ schema: NAME, db: NAME, to: NAME }, ["schema", "db", "to"]),
  ],
};

const DEFS: SchemaPart = {
  variable: VARIABLE,
  vars: {
    type: "object",
    propertyNames: VARIABLE,
    additionalProperties: {
      type: ["string", "number", "boolean", "array", "null"],
      items: { type: ["string", "number"] },
    },
  },
  names: { oneOf: [NAME, { ...listOf(NAME), minItems: 1 }] },
  database: {
    if: { type: "object" },
    then: closed(
      { kind: { enum: ["postgres", "mysql"] }, env: { type: "string", pattern: ENVIRONMENT }, schema: NAME },
      ["kind"],
    ),
    else: { ...TEXT, description: "a client command that takes SQL on stdin, or a connection string by a variable" },
  },
  rows: {
    description: "how many rows a statement gives, finds or changes; anything else is rolled back",
    if: { type: "object" },
    then: { ...closed({ min: COUNT, max: COUNT }), minProperties: 1 },
    else: COUNT,
  },
  duration: { type: "string", pattern: "^(0|[1-9][0-9]{0,8})(ms|s|m|h)$" },
  date: { type: "string", pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" },
  regex: { type: "string", minLength: 1, description: "/…/flags, or plain" },
  getOrHead: { enum: ["GET", "HEAD"] },
  save: { type: "object", minProperties: 1, propertyNames: VARIABLE, additionalProperties: ref("regex") },
  http: { oneOf: [TEXT, HTTP_OBJECT] },
  flip: FLIP,
  jsonMatch: {
    oneOf: [
      { type: ["string", "number", "boolean", "null", "array"] },
      {
        ...closed({ min: { type: "number" }, max: { type: "number" }, match: ref("regex"), not: {} }),
        minProperties: 1,
      },
    ],
  },
  check: action(READ_VERBS, RETRY, READS_ONLY),
  action: action(ALL_VERBS, RETRY, []),
  sh: action({ sh: TEXT }, {}, []),
  acknowledgement: closed({ manual: TEXT, by: ref("names"), ask: { ...listOf(VARIABLE), minItems: 1 }, say: TEXT }, [
    "manual",
    "by",
  ]),
  use: closed({ use: { oneOf: [NAME, { ...listOf(NAME), minItems: 1 }] }, each: ref("variable") }, ["use"]),
  undoAction: action({ ...ALL_VERBS, restore: FILES }, { ...RETRY, ...UNDO_WORDS }, []),
  undo: {
    if: { type: "array" },
    then: { ...listOf(ref("undoAction")), minItems: 1 },
    else: {
      if: { type: "object", required: ["none"] },
      then: closed({ none: TEXT }, ["none"]),
      else: ref("undoAction"),
    },
  },
  step: STEP,
  phaseItem: { if: { type: "object", required: ["use"] }, then: ref("use"), else: ref("step") },
  gateItem: { if: { type: "object", required: ["use"] }, then: ref("use"), else: ref("check") },
};

/** The parts of the schema that speak of actions. */
export const ACTION_DEFS = { expectations: EXPECTATIONS, defs: DEFS };
