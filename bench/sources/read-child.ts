import { resolve } from "node:path";
import Database from "better-sqlite3";
import { loadDriver } from "../../tools/migration/databases/drivers.ts";
import { openMysql } from "../../tools/migration/databases/mysql-session.ts";
import { openPostgres } from "../../tools/migration/databases/postgres-session.ts";
import { resolveServer } from "../../tools/migration/databases/server-place.ts";
import { openSource, type SourcePlace } from "../../tools/migration/sources/open-source.ts";
import { readRange } from "../../tools/migration/sources/read-range.ts";

/** Rows of one task of a build. */
const ROWS_PER_RANGE = 32_768;

// Reads the table `t` of a place once, as `migrate` reads it or as the driver does it best, and prints the seconds.
const [who = "", placed = "", rows = ""] = process.argv.slice(2);
const place = JSON.parse(placed) as SourcePlace;
const count = who === "ours" ? await readAsMigrate() : await readAsDriver();
if (count !== Number(rows)) throw new Error(`expected ${rows} rows, got ${count}`);

async function readAsMigrate(): Promise<number> {
  const source = await openSource(place, ".", [{ name: "t", query: undefined, key: ["id"] }]);
  return timed(async () => {
    let read = 0;
    for (const range of await source.ranges("t", Math.ceil(Number(rows) / ROWS_PER_RANGE))) {
      for await (const batch of readRange(range)) read += batch.rows.length;
    }
    return read;
  }).finally(() => source.close());
}

async function readAsDriver(): Promise<number> {
  switch (place.kind) {
    case "postgres": {
      const session = await openPostgres(resolveServer(place, { root: "." }), { readOnly: true, code: "IO" });
      const { to } = await loadDriver("pg-copy-streams", "Reading");
      // COPY to nowhere: the bytes arrive, and nobody looks at them.
      return timed(async () => {
        const stream = session.submit(to("COPY t TO STDOUT"));
        stream.resume();
        await new Promise((end, fail) => stream.on("end", end).on("error", fail));
        return Number((await session.rows("Counting", "SELECT count(*) FROM t"))[0]?.[0]);
      }).finally(() => session.close());
    }
    case "mysql": {
      const session = await openMysql(resolveServer(place, { root: "." }), { readOnly: true, code: "IO" });
      return timed(async () => {
        let read = 0;
        for await (const batch of session.batches("Reading", "SELECT * FROM t", 1000)) read += batch.length;
        return read;
      }).finally(() => session.close());
    }
    case "sqlite": {
      const db = new Database(resolve(place.path), { readonly: true });
      return timed(async () => {
        let read = 0;
        for (const _row of db.prepare("SELECT * FROM t").raw().iterate()) read += 1;
        return read;
      });
    }
    default:
      throw new Error(`no driver of ${place.kind}`);
  }
}

async function timed(read: () => Promise<number>): Promise<number> {
  const begin = performance.now();
  const found = await read();
  process.stdout.write(`seconds ${((performance.now() - begin) / 1000).toFixed(4)}\n`);
  return found;
}
