import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import type { ServerPlace } from "../../tools/migration/databases/server-place.ts";
import { openSource } from "../../tools/migration/sources/open-source.ts";
import { readRange } from "../../tools/migration/sources/read-range.ts";
import { recordsOf } from "../../tools/migration/sources/record-batch.ts";
import { startCandor } from "../helpers/cli-project.ts";
import { proxyTo } from "../helpers/proxy.ts";
import { mysqlDatabase, postgresDatabase, whyNot } from "../helpers/servers.ts";
import { candidateIsSound } from "../helpers/sound.ts";
import { buildThings, writeThings } from "../helpers/things-project.ts";

const skip = { postgres: await whyNot("postgres"), mysql: await whyNot("mysql") };

const WIDE =
  "CREATE TABLE wide (id int PRIMARY KEY, pad text); INSERT INTO wide SELECT i, repeat('x', 1500) || i FROM generate_series(1, 20000) i";

t.test("a reader whose connection breaks goes on behind what it gave", { skip: skip.postgres }, async (t) => {
  const { url, session } = await postgresDatabase(t, WIDE);
  const source = await openSource({ kind: "postgres", url }, ".", [{ name: "wide", query: undefined, key: ["id"] }]);
  t.teardown(() => source.close());
  for (const parts of [1, 3]) {
    const ids: unknown[] = [];
    let killed = 0;
    let asked = 0;
    for (const range of await source.ranges("wide", parts)) {
      for await (const batch of readRange(range)) {
        ids.push(...(recordsOf(batch) as { id: number }[]).map(({ id }) => id));
        // What was sent already still comes, so the one that is killed may be gone for a while.
        if (killed === 2 || ids.length < asked + 500) continue;
        asked = ids.length;
        await session.run("Writing", "UPDATE wide SET pad = 'new' WHERE id % 7 = 0; DELETE FROM wide WHERE id = 19999");
        const found = await session.rows(
          "Killing",
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%'",
        );
        killed += found.length;
      }
    }
    t.equal(killed, 2);
    t.strictSame(
      ids,
      Array.from({ length: 20_000 }, (_, at) => at + 1),
      `${parts} parts, as they were at the opening`,
    );
  }
});

/** Breaks the connections of a run in its middle, and looks at what it leaves; killed-server.test.ts kills a server. */
async function runIntoCut(t: Test, place: ServerPlace): Promise<void> {
  const proxy = await proxyTo(place);
  t.teardown(() => proxy.close());
  const root = t.testdir();
  const url = place.label.replace(/:\d+\//, `:${proxy.port}/`);
  writeThings(root, { source: { kind: place.kind, url }, fields: { name: {} } });
  t.equal((await buildThings(root)).summary.totalBlockers, 0);
  const before = readFileSync(join(root, "storage_candidate/v1/checksums/run.json"), "utf8");
  const running = startCandor(t, root, ["migrate", "--max-rows-per-second", "600"]);
  let cuts = 0;
  const timer = setInterval(() => {
    if (!existsSync(join(root, "storage_candidate/.previous")) || existsSync(join(root, "storage_candidate/v1")))
      return;
    proxy.cut();
    cuts += 1;
  }, 300);
  const { code, stderr } = await running.ended;
  clearInterval(timer);
  t.ok(cuts > 0, "the connection was cut");
  t.equal(code, 17, stderr);
  t.match(stderr, /^error CONNECTION_LOST: .*connection to .*/m);
  t.notOk(existsSync(join(root, "storage_candidate/v1")), "nothing was published");
  const previous = join(root, "storage_candidate/.previous/checksums/run.json");
  t.equal(readFileSync(previous, "utf8"), before, "the candidate before is whole");
  const again = await startCandor(t, root, ["migrate"]).ended;
  t.equal(again.code, 0, again.stderr);
  await candidateIsSound(t, root);
}

const ROWS = "INSERT INTO things SELECT";

t.test(
  "where the snapshot is gone a run ends with 17, and the next one is whole",
  { skip: skip.postgres },
  async (t) => {
    const sql = `CREATE TABLE things (id int PRIMARY KEY, name text); ${ROWS} i, repeat('n', 9000) || i FROM generate_series(1, 1500) i`;
    const { place } = await postgresDatabase(t, sql);
    await runIntoCut(t, place);
  },
);

t.test(
  "a broken connection to MySQL ends a run with 17, and the next one is whole",
  { skip: skip.mysql },
  async (t) => {
    const table = "CREATE TABLE things (id int PRIMARY KEY, name varchar(9000))";
    const rows = `${ROWS} seq, concat(repeat('x', 8900), seq) FROM seq_1_to_1500`;
    const { place } = await mysqlDatabase(t, [table, rows]);
    await runIntoCut(t, place);
  },
);

t.test("a server that is not there is told before anything is touched", async (t) => {
  for (const kind of ["postgres", "mysql"] as const) {
    const root = t.testdir();
    writeThings(root, { source: { kind, url: `${kind}://nobody@127.0.0.1:1/nothing` }, fields: { name: {} } });
    const { code, stderr } = await startCandor(t, root, ["dry-run"]).ended;
    t.equal(code, 17);
    t.match(stderr, `error CONNECTION_LOST: Connecting: the connection to ${kind}://nobody@127.0.0.1:1/nothing`);
    t.match(stderr, /ECONNREFUSED/);
  }
});
