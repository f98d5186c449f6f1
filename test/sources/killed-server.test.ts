import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { load } from "../../tools/migration/operations/load.ts";
import { migrate } from "../../tools/migration/operations/migrate.ts";
import { candidateNames, candor, type Running, startCandor } from "../helpers/cli-project.ts";
import { contextOf, targetOf } from "../helpers/operations.ts";
import { type OwnKind, type OwnServer, ownServer, whyNoOwn } from "../helpers/own-servers.ts";
import { candidateIsSound } from "../helpers/sound.ts";
import { buildThings, writeThings } from "../helpers/things-project.ts";

t.setTimeout(240_000);

const ROWS = 1500;

/**
 * What an engine has its own words for. `slow` lets a load take half a minute,
 * `reads` and `loads` count the statements that do.
 */
const WORDS = {
  postgres: {
    make: [
      `CREATE TABLE things AS SELECT i AS id, repeat('n', 9000) || i AS name FROM generate_series(1, ${ROWS}) i`,
      "ALTER TABLE things ADD PRIMARY KEY (id)",
    ],
    slow: [
      "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(600); RETURN NEW; END'",
      "CREATE TRIGGER slow BEFORE INSERT ON waren FOR EACH ROW EXECUTE FUNCTION slow()",
    ],
    fast: "DROP TRIGGER slow ON waren",
    reads: "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY (SELECT%'",
    loads: "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'",
  },
  mysql: {
    make: [
      "CREATE TABLE things (id int PRIMARY KEY, name varchar(9100))",
      `INSERT INTO things SELECT seq, concat(repeat('n', 9000), seq) FROM seq_1_to_${ROWS}`,
    ],
    slow: ["CREATE TRIGGER slow BEFORE INSERT ON waren FOR EACH ROW SET @s = sleep(600)"],
    fast: "DROP TRIGGER slow",
    reads: "SELECT count(*) FROM information_schema.PROCESSLIST WHERE DB = 'shop' AND INFO LIKE 'SELECT%things%'",
    loads: "SELECT count(*) FROM information_schema.PROCESSLIST WHERE DB = 'target' AND STATE = 'User sleep'",
  },
} as const;

/** Modules of the example that have records, in their order. */
const TABLES = ["kunden", "hunde", "trainer", "kurse", "kalender", "finanzen", "waren"];

/** A project that reads from the server, a copy of it to migrate in, and the example, for whose tables `target` is made. */
interface World {
  readonly server: OwnServer;
  readonly home: string;
  readonly copy: string;
  readonly example: string;
}

async function worldOf(t: Test, kind: OwnKind): Promise<World> {
  const server = await ownServer(t, kind);
  const root = t.testdir({ home: {} });
  const [home, copy] = [join(root, "home"), join(root, "copy")];
  for (const name of ["shop", "target"]) await server.run(kind, `CREATE DATABASE ${name}`);
  await server.run("shop", ...WORDS[kind].make);
  writeThings(home, { source: { kind, url: server.urlOf("shop") }, fields: { name: {} } });
  t.equal((await buildThings(home)).summary.totalBlockers, 0);
  mkdirSync(copy);
  cpSync(home, copy, { recursive: true });
  const example = join(root, "example");
  for (const folder of ["modules", "migration"]) cpSync(folder, join(example, folder), { recursive: true });
  writeFileSync(join(example, "package.json"), `{"type":"module"}`);
  await migrate(contextOf(example), { runId: "run-test", failAfterModule: undefined });
  await load(contextOf(example), { ...targetOf(example), place: server.urlOf("target"), replace: false });
  await server.run("target", ...TABLES.toReversed().map((name) => `DELETE FROM ${name}`), ...WORDS[kind].slow);
  return { server, home, copy, example };
}

// A read at a pace sees a lost connection once it may hand out the rows that it holds: at 20 a second after half a minute.
const READS = ["--max-rows-per-second", "60", "--workers", "2"];

/** Four commands in the middle of their work, on one server. */
async function startAll(t: Test, { server, home, copy, example }: World): Promise<Readonly<Record<string, Running>>> {
  const running = {
    migrate: startCandor(t, copy, ["migrate", ...READS]),
    "dry-run": startCandor(t, home, ["dry-run", ...READS]),
    "verify-source": startCandor(t, home, ["verify-source", ...READS]),
    load: startCandor(t, example, ["load", server.urlOf("target")]),
  };
  const { reads, loads } = WORDS[server.kind];
  const count = async (query: string): Promise<number> => Number(await server.ask(server.kind, query));
  while ((await count(reads)) < 3 || (await count(loads)) < 1) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (const [name, { child, ended }] of Object.entries(running)) {
      if (child.exitCode !== null) throw new Error(`${name} ended before all were at work: ${(await ended).stderr}`);
    }
  }
  return running;
}

for (const kind of ["postgres", "mysql"] as const) {
  t.test(
    `${kind} is killed under four commands, and the same ones succeed once it is back`,
    { skip: whyNoOwn(kind) },
    async (t) => {
      const world = await worldOf(t, kind);
      const { server, home, copy, example } = world;
      const running = await startAll(t, world);
      t.strictSame(candidateNames(copy).includes("v1"), false, "the migration is under way");
      await server.process.kill();
      for (const [name, { ended }] of Object.entries(running)) {
        const { code, stdout, stderr } = await ended;
        t.equal(code, 17, name, { stderr });
        t.match(
          stderr,
          new RegExp(`^error CONNECTION_LOST: .*connection to ${kind}://owner@127.0.0.1:${server.port}/`, "m"),
        );
        t.match(stderr, /^ {2}next: See that the server runs .* run the command again/m);
        t.notMatch(stdout + stderr, /nnnn/, "no value of the data");
      }
      t.strictSame(candidateNames(copy), [".previous"], "nothing is published, and nothing lies in the way");

      await server.process.start();
      for (const name of TABLES) {
        t.equal(await server.ask("target", `SELECT count(*) FROM ${name}`), "0", `nothing of ${name} is loaded`);
      }
      await server.run("target", WORDS[kind].fast);
      for (const [root, ...command] of [
        [copy, "migrate"],
        [home, "dry-run"],
        [home, "verify-source"],
        [example, "load", server.urlOf("target")],
        [example, "verify-target", server.urlOf("target")],
      ] as const) {
        const { code, stderr } = candor(root, command);
        t.equal(code, 0, command[0], { stderr });
      }
      await candidateIsSound(t, copy);
    },
  );
}
