import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import t, { type Test } from "tap";
import type { SqlVerb } from "../../../tools/migration/cutover/plan/action.ts";
import type { Database } from "../../../tools/migration/cutover/plan/plan.ts";
import { flipDriver } from "../../../tools/migration/cutover/verbs/flip.ts";
import { sqlDriver } from "../../../tools/migration/cutover/verbs/sql.ts";
import type { VerbContext } from "../../../tools/migration/cutover/verbs/verb.ts";
import { writeFileAtomic } from "../../../tools/migration/stores/atomic-file.ts";
import { cutoverProject, demoPlan, only, play } from "../../helpers/cutover.ts";
import { mysqlDatabase, postgresDatabase, whyNot } from "../../helpers/servers.ts";
import { contextOf } from "../../helpers/verb-context.ts";

const NO_SERVER = { postgres: await whyNot("postgres"), mysql: await whyNot("mysql") };
const TABLE = "CREATE TABLE orders (id int PRIMARY KEY, state varchar(9))";
const ROWS = "INSERT INTO orders VALUES (1, 'open'), (2, 'open'), (3, 'done')";
const PASSWORD = "sesame-0815";
const CLOSE: SqlVerb = { kind: "sql", db: "shop", statement: "", isRead: false, rows: undefined };
const INTENT = { text: "", preImage: null };

interface Shop {
  readonly url: string;
  readonly states: () => Promise<string>;
  readonly sql: (text: string) => Promise<unknown>;
}

/** A table of three orders on a real server, and its address with a password. */
async function shop(t: Test, kind: "postgres" | "mysql"): Promise<Shop> {
  const { place, sql, rows } = await (kind === "postgres" ? onPostgres(t) : onMysql(t));
  const url = `${kind}://${place.user}:${PASSWORD}@${place.host}:${place.port}/${place.database}`;
  const states = async (): Promise<string> => (await rows("SELECT state FROM orders ORDER BY id")).join(" ");
  return { url: place.password === undefined && kind === "mysql" ? url.replace(`:${PASSWORD}`, "") : url, states, sql };
}

async function onPostgres(t: Test) {
  const { place, session } = await postgresDatabase(t, `${TABLE}; ${ROWS}`);
  return {
    place,
    sql: (text: string) => session.run("Test", text),
    rows: (text: string) => session.rows("Test", text),
  };
}

async function onMysql(t: Test) {
  const { place, session } = await mysqlDatabase(t, [TABLE, ROWS]);
  return {
    place,
    sql: (text: string) => session.query("Test", text),
    rows: (text: string) => session.rows("Test", text),
  };
}

/** A plan of one step that closes orders. */
function closing(kind: string, rows: string): string {
  return demoPlan(`dbs: {shop: {kind: ${kind}, env: SHOP_URL}}
checks:
  left: {db: shop, sql: "SELECT count(*) FROM orders WHERE state = 'open'", read: true, rows: 1, out: '/^[0-9]+$/m', save: {left: '([0-9]+)'}}
phases:
- id: first
  steps:
  - use: left
  - {id: close, db: shop, sql: "UPDATE orders SET state = 'closed' WHERE state = 'open'", ${rows} undo: {db: shop, sql: "UPDATE orders SET state = 'open' WHERE state = 'closed'", rows: 2}}
`);
}

for (const kind of ["postgres", "mysql"] as const) {
  t.test(kind, { skip: NO_SERVER[kind] }, async (t) => {
    t.test("a statement of the expected number of rows is committed, and taken back", async (t) => {
      const { url, states } = await shop(t, kind);
      const project = cutoverProject(t);
      const { ending } = await play(project, closing(kind, "rows: 2,"), { environment: { SHOP_URL: url } });
      t.equal(ending.outcome, "SUCCEEDED");
      t.equal(await states(), "closed closed done");
      const [end] = only(project.records(), "step.end");
      t.match(end?.data.receipts[0]?.expectations, [
        { kind: "exit", verdict: "PASS" },
        { kind: "rows", expected: "2", got: "2", verdict: "PASS" },
      ]);
      const asked = only(project.records(), "check").find(({ data }) => data.within === "first");
      t.match(asked?.data.receipts[0]?.saved, { left: "2" }, "rows are the output");
    });

    t.test("a wrong number of rows rolls the transaction back: the step fails, nothing is changed", async (t) => {
      const { url, states } = await shop(t, kind);
      const project = cutoverProject(t);
      const environment = { SHOP_URL: url };
      const { ending, said } = await play(project, closing(kind, "rows: 1,"), { environment, exitOnHold: true });
      t.equal(ending.outcome, "HOLD");
      t.equal(await states(), "open open done");
      const [end] = only(project.records(), "step.end");
      t.match(end?.data, { result: "failed", reason: "rows: expected 1, got 2" });
      t.match(end?.data.receipts[0]?.notes.join(), /rolled back; nothing was changed/);
      t.match(said.join("\n"), /HOLD close: rows: expected 1, got 2/);
    });

    t.test("a statement that the server refuses changes nothing, and says so", async (t) => {
      const { url, states } = await shop(t, kind);
      const verb: SqlVerb = { ...CLOSE, statement: "UPDATE orders SET colour = 'red'" };
      const context = at(t, kind, { SHOP_URL: url });
      const result = await sqlDriver.run(verb, context, INTENT);
      t.match(result, { outcome: "failed", reason: /SQL_FAILED: .*colour.*Nothing was changed/ });
      t.equal(await states(), "open open done");
    });

    t.test("a check cannot write, whatever it says of itself", async (t) => {
      const { url, states } = await shop(t, kind);
      const verb: SqlVerb = { kind: "sql", db: "shop", statement: "DELETE FROM orders", isRead: true, rows: undefined };
      const result = await sqlDriver.run(verb, at(t, kind, { SHOP_URL: url }), INTENT);
      t.match(result, { outcome: "failed", reason: /read-only|READ ONLY/i });
      t.equal(await states(), "open open done");
    });

    t.test("a statement that waits for a lock is ended at its time limit, on the server too", async (t) => {
      const { url, states, sql } = await shop(t, kind);
      await sql("BEGIN");
      await sql("UPDATE orders SET state = 'held' WHERE id = 1");
      const verb: SqlVerb = { ...CLOSE, statement: "UPDATE orders SET state = 'late'" };
      const begun = process.hrtime.bigint();
      const context = { ...at(t, kind, { SHOP_URL: url }), timeoutMs: 300 };
      const result = await sqlDriver.run(verb, context, INTENT);
      t.match(result, { outcome: "failed", timedOut: true, reason: "ended at its time limit; nothing was changed" });
      t.ok(Number(process.hrtime.bigint() - begun) / 1e6 < 5000, "it did not wait for the lock");
      await sql("COMMIT");
      t.equal(await states(), "held open done");
    });

    t.test("no server: a check is UNKNOWN, a step has certainly not happened", async (t) => {
      const environment = { SHOP_URL: `${kind}://nobody@127.0.0.1:1/none` };
      const verb: SqlVerb = { kind: "sql", db: "shop", statement: "SELECT 1", isRead: true, rows: undefined };
      t.match(await sqlDriver.run(verb, at(t, kind, environment), INTENT), { outcome: "unknown" });
      t.match(await sqlDriver.run({ ...verb, isRead: false }, at(t, kind, environment), INTENT), { outcome: "failed" });
    });
  });
}

t.test(
  "a table that knows no transactions is named, because its rows stay changed",
  { skip: NO_SERVER.mysql },
  async (t) => {
    const { place, session } = await mysqlDatabase(t, [`${TABLE} ENGINE=MyISAM`, ROWS]);
    const verb: SqlVerb = {
      kind: "sql",
      db: "shop",
      statement: "DELETE FROM orders",
      isRead: false,
      rows: { min: 1, max: 1 },
    };
    const url = `mysql://${place.user}@${place.host}:${place.port}/${place.database}`;
    const result = await sqlDriver.run(verb, at(t, "mysql", { SHOP_URL: url }), INTENT);
    t.match(result, { outcome: "failed", reason: /SQL_FAILED: a table without transactions was changed/ });
    t.strictSame(await session.rows("Test", "SELECT count(*) FROM orders"), [["0"]], "as it says");
  },
);

t.test(
  "F100: neither address nor password of a connection is written anywhere",
  { skip: NO_SERVER.postgres },
  async (t) => {
    const { url } = await shop(t, "postgres");
    const project = cutoverProject(t);
    const cut = url.indexOf(PASSWORD) + 6;
    const halves = [PASSWORD.slice(0, 6), PASSWORD.slice(6), url.slice(0, cut), url.slice(cut)];
    const told = halves.map((half) => `'${half}'`);
    const columns = `${told[0]} || ${told[1]}, ${told[2]} || ${told[3]}`;
    const plan = closing("postgres", "rows: 2,").replace("SELECT count(*)", `SELECT ${columns}, count(*)`);
    const { said } = await play(project, plan.replace("/^[0-9]+$/m", "[0-9]"), { environment: { SHOP_URL: url } });
    const run = join(project.root, "storage_reports/cutover/demo-1");
    // The raw output of a command is not masked: a masked copy lies beside it.
    const files = readdirSync(run, { recursive: true, encoding: "utf8" }).filter((name) => !name.endsWith("/out"));
    const texts = files.flatMap((name) => readIfFile(join(run, name)));
    const all = [...texts, JSON.stringify(project.records()), said.join("\n")].join("\n");
    t.notMatch(all, PASSWORD);
    t.notMatch(all, url);
    t.match(all, "[secret SHOP_URL password]", "where an output held it");
    t.match(all, "[secret SHOP_URL]");
    t.match(
      JSON.stringify(only(project.records(), "run.start")[0]?.data.secrets),
      /"SHOP_URL":"[0-9a-f]{64}"/,
      "F84: only its salted digest is kept",
    );
  },
);

t.test("F84: a run does not go on with another database", { skip: NO_SERVER.postgres }, async (t) => {
  const { url } = await shop(t, "postgres");
  const project = cutoverProject(t);
  const plan = closing("postgres", "rows: 1,");
  await play(project, plan, { environment: { SHOP_URL: url }, exitOnHold: true });
  const other = { SHOP_URL: `${url}_other` };
  await t.rejects(play(project, plan, { environment: other, resume: "demo-1" }), { code: "PLAN_CHANGED" });
  await t.rejects(play(project, plan, { environment: {}, resume: "demo-1" }), { code: "PLAN_CHANGED" });
});

t.test("a database without a variable in the environment is told before anything begins", async (t) => {
  await t.rejects(play(cutoverProject(t), closing("postgres", "rows: 1,")), {
    code: "PLAN_INVALID",
    problems: [/SHOP_URL: is not in the environment/],
  });
});

t.test("F11: a driver killed during the commit finds out what came of it", { skip: NO_SERVER.postgres }, async (t) => {
  const verb: SqlVerb = { ...CLOSE, statement: "UPDATE orders SET state = 'x'" };
  const { place, session } = await postgresDatabase(t, `${TABLE}; ${ROWS}`);
  const environment = { SHOP_URL: place.label };
  /** As a driver leaves it that was killed right before or after its COMMIT. */
  const leave = async (context: VerbContext): Promise<void> => {
    await session.run("Test", "BEGIN; UPDATE orders SET state = 'x'");
    const [row] = await session.rows("Test", "SELECT txid_current_if_assigned()::text");
    mkdirSync(context.folder, { recursive: true });
    writeFileAtomic(join(context.folder, "committing"), JSON.stringify({ transaction: row?.[0], rows: 3 }));
    writeFileAtomic(join(context.folder, "out"), "");
  };

  const never = at(t, "postgres", environment);
  t.equal(await sqlDriver.recover(verb, never, INTENT), undefined, "no mark of a commit: there was none");

  const aborted = at(t, "postgres", environment, "aborted");
  await leave(aborted);
  await session.run("Test", "ROLLBACK");
  t.equal(await sqlDriver.recover(verb, aborted, INTENT), undefined, "rolled back: it may run again");

  const committed = at(t, "postgres", environment, "committed");
  await leave(committed);
  const asked = sqlDriver.recover(verb, committed, INTENT);
  await setTimeout(100);
  await session.run("Test", "COMMIT");
  t.match(await asked, { outcome: "asked", exit: 0, rows: 3, recovered: true }, "it is waited for, and found");
  t.match(await sqlDriver.recover(verb, committed, INTENT), { exit: 0, rows: 3, recovered: true });

  const gone = at(t, "postgres", { SHOP_URL: "postgres://nobody@127.0.0.1:1/none" }, "committed");
  t.match(await sqlDriver.recover(verb, gone, INTENT), { outcome: "unknown" }, "no server: nobody can tell");
});

t.test("F11: where the server cannot tell, nobody is told that it happened", { skip: NO_SERVER.mysql }, async (t) => {
  const { url } = await shop(t, "mysql");
  const verb: SqlVerb = { ...CLOSE, statement: "UPDATE orders SET state = 'x'" };
  const context = at(t, "mysql", { SHOP_URL: url });
  await sqlDriver.run(verb, context, INTENT);
  t.ok(existsSync(join(context.folder, "committing")));
  t.match(await sqlDriver.recover(verb, context, INTENT), { outcome: "unknown" });
});

t.test("F102: a value that could be taken for SQL is refused", async (t) => {
  const dbs = new Map<string, Database>([["shop", server("postgres")]]);
  const environment = { SHOP_URL: "postgres://nobody@127.0.0.1:1/none" };
  const verb: SqlVerb = { ...CLOSE, statement: "DELETE FROM orders WHERE id = '$" + "{id}'" };
  for (const id of ["x' OR '1'='1", "1; DROP TABLE orders", "a\\", "1 -- "]) {
    const context = contextOf(t.testdir(), { id }, undefined, { dbs, environment });
    await t.rejects(sqlDriver.prepare(verb, context), { code: "REFUSED" }, id);
  }
});

t.test(
  "F59: a flip of a schema takes its connection from PG* like everything else",
  { skip: NO_SERVER.postgres },
  async (t) => {
    const { place } = await postgresDatabase(t, "CREATE SCHEMA live; CREATE SCHEMA next; CREATE TABLE next.a (v int)");
    const { host, port, user, database } = place;
    const environment = {
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: user,
      PGDATABASE: database,
      PGPASSWORD: place.password,
    };
    const dbs = new Map<string, Database>([
      ["shop", { kind: "server", engine: "postgres", env: undefined, schema: undefined }],
    ]);
    const context = contextOf(t.testdir(), {}, undefined, { dbs, environment });
    const verb = { kind: "flip", flip: { kind: "schema", schema: "live", db: "shop", to: "next" } } as const;
    const intent = await flipDriver.prepare(verb, context);
    t.match(await flipDriver.run(verb, context, intent), { exit: 0, flip: { pointer: "shop:live" } });
    t.match(await flipDriver.undo?.(verb, context, intent), { exit: 0 });
    const client = contextOf(t.testdir(), {}, undefined, { dbs: new Map([["shop", { kind: "text", text: "psql" }]]) });
    await t.rejects(flipDriver.prepare(verb, client), { code: "TARGET_UNFIT" });
  },
);

function server(engine: "postgres" | "mysql"): Database {
  return { kind: "server", engine, env: "SHOP_URL", schema: undefined };
}

function at(
  t: Test,
  kind: "postgres" | "mysql",
  environment: Readonly<Record<string, string>>,
  name = "attempt",
): VerbContext {
  const dbs = new Map<string, Database>([["shop", server(kind)]]);
  const root = t.testdirName;
  return contextOf(root, {}, undefined, { dbs, environment, folder: join(root, name) });
}

function readIfFile(path: string): readonly string[] {
  try {
    return [readFileSync(path, "utf8")];
  } catch {
    return [];
  }
}
