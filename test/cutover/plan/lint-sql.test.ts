import t from "tap";
import { lintPlanText } from "../../../tools/migration/cutover/plan/load-plan.ts";
import { demoPlan } from "../../helpers/cutover.ts";

const DBS = "dbs: {text: psql -X, pg: {kind: postgres, env: A}, my: {kind: mysql, env: B}}\n";
const TRANSACTION = /^error 9 begins or ends a transaction/;
const OWN_COMMIT = /^error 9 rows cannot be asked before the commit/;
const CLIENT = /^error 9 rows are counted inside of a transaction of this tool: give text as/;

function said(step: string, more = ""): string {
  const text = demoPlan(`${DBS}phases:\n- id: work\n  steps:\n  - ${step}\n${more}`);
  return lintPlanText(text)
    .book.messages.map(({ severity, line, text: words }) => `${severity} ${line} ${words}`)
    .join("\n");
}

const step = (db: string, statement: string, more = ""): string =>
  `{id: a, db: ${db}, sql: ${JSON.stringify(statement)}${more}, undo: {none: it is only a mark}}`;

t.test("a statement that begins or ends a transaction is refused on a connection of the tool", async (t) => {
  const words =
    "abort,BEGIN,Commit,end,PREPARE  TRANSACTION 'a',release a,rollback,savepoint a,START TRANSACTION,xa start 'a'";
  for (const word of words.split(",")) {
    for (const db of ["pg", "my"]) t.match(said(step(db, word)), TRANSACTION, `${db} ${word}`);
    t.equal(said(step("text", word)), "", `a client command may: ${word}`);
  }
  for (const comment of ["-- a\n", "# a\n", "/* a\n b */", " \n"]) {
    t.match(said(step("pg", `${comment}COMMIT`)), TRANSACTION, JSON.stringify(comment));
  }
  for (const run of ["/*! COMMIT */", "/*!40101 COMMIT*/", "/*M!100000 COMMIT */", "/* a *//*! COMMIT */"]) {
    t.match(said(step("my", run)), TRANSACTION, `${run} is run by MySQL or MariaDB`);
  }
  for (const other of [
    "PREPARE a AS SELECT 1",
    "UPDATE a SET b = 'commit'",
    "SELECT beginning",
    "ending",
    "-- COMMIT",
  ]) {
    t.equal(said(step("pg", other)), "", other);
  }
});

t.test("it is found wherever a statement can stand", async (t) => {
  const undo = "{id: a, sh: touch a, undo: [{sh: rm a, else: [{db: pg, sql: COMMIT}]}]}";
  t.match(said(undo), TRANSACTION);
  t.match(said("{id: a, sh: touch a, undo: {db: pg, sql: COMMIT}}"), TRANSACTION);
  const doneIf = "{id: a, sh: touch a, undo: {none: a mark}, done_if: {db: pg, sql: COMMIT, read: true, empty: true}}";
  t.match(said(doneIf), TRANSACTION);
  t.match(said("{id: a, wait: 1s}", "  undo: [{db: my, sql: ROLLBACK, was: c}]\n"), /error 10 begins or ends/);
});

t.test("rows of a statement that commits itself cannot be asked for: MySQL and MariaDB, nowhere else", async (t) => {
  const words =
    "alter,analyze,cache,change,check,create,drop,flush,grant,install,lock,optimize,purge,rename,repair,reset,revoke,truncate,uninstall,unlock";
  for (const word of words.split(",")) {
    const statement = `${word.toUpperCase()} TABLE a`;
    t.match(said(step("my", statement, ", rows: 1")), OWN_COMMIT, word);
    t.equal(said(step("my", statement)), "", `without rows: ${word}`);
    t.equal(said(step("pg", statement, ", rows: 1")), "", `PostgreSQL: ${word}`);
  }
  for (const other of [
    "CREATE TEMPORARY TABLE a (b int)",
    "drop temporary table a",
    "UPDATE a SET alter_b = 1",
    "altered",
  ]) {
    t.equal(said(step("my", other, ", rows: 1")), "", other);
  }
  t.match(said(step("my", "-- a\n/* b */ DROP TABLE a", ", rows: {min: 0, max: 2}")), OWN_COMMIT);
});

t.test("rows cannot be asked of a client command", async (t) => {
  for (const rows of ["1", "0", "{min: 1}", "{max: 2}"]) {
    t.match(said(step("text", "SELECT 1", `, rows: ${rows}`)), CLIENT, rows);
    t.equal(said(step("pg", "SELECT 1", `, rows: ${rows}`)), "", rows);
  }
});

t.test("the shape of a statement: its database, its rows, and what a check has to say", async (t) => {
  const check = (text: string): string => `- use: c\nchecks:\n  c: ${text}\n`;
  const cases: readonly (readonly [string, RegExp])[] = [
    ["{id: a, sql: DELETE FROM a, undo: {none: a mark}}", /^error 9 expected/],
    ["{id: a, db: pg, sh: 'true', undo: {none: a mark}}", /^error 9 expected `db` only beside sql/],
    ["{id: a, db: moon, sql: DELETE FROM a, undo: {none: a mark}}", /^error 9 there is no database \(dbs\) named moon/],
    ["{id: a, on: far, db: pg, sql: DELETE FROM a, undo: {none: a mark}}", /^error 9 expected `on` only beside probe/],
    [step("pg", "DELETE FROM a", ", rows: {}"), /^error 9 /],
    [step("pg", "DELETE FROM a", ", rows: -1"), /^error 9 /],
    [step("pg", "DELETE FROM a", ", rows: 1.5"), /^error 9 /],
    [step("pg", "DELETE FROM a", ", rows: {mean: 1}"), /^error 9 unknown key mean/],
    ["{id: a, sh: 'true', rows: 1, undo: {none: a mark}}", /^error 9 expected/],
    ["{id: a, db: pg, sql: DELETE FROM a}", /^error 9 changes things and has no undo/],
    ["{id: a, db: pg, sql: SELECT 1, read: true, out: '1'}", /^$/],
    [step("pg", "DELETE FROM a", ", retry: 60s"), /^error 9 retry repeats a check; this changes things/],
    [step("pg", "DELETE FROM ${nobody}"), /^error 9 \$\{nobody\} has no value here/],
  ];
  for (const [text, expected] of cases) t.match(said(text), expected, text);
  const wait = "{id: a, wait: 1s}";
  t.match(
    said(wait, check("{db: pg, sql: SELECT 1, out: '1'}").replace("- use", "  - use")),
    /error 12 expected `read: true`/,
  );
  t.equal(said(wait, check("{db: pg, sql: SELECT 1, read: true, out: '1'}").replace("- use", "  - use")), "");
});
