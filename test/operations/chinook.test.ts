import { mkdirSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { migrate } from "../../tools/migration/operations/migrate.ts";
import { freezeRegistries } from "../../tools/migration/operations/registry-freeze.ts";
import { generateRegistries } from "../../tools/migration/operations/registry-write.ts";
import { chinookMysql, chinookPostgres, chinookSqlite, noChinook } from "../helpers/chinook.ts";
import { CHINOOK_MODULES, writeChinook } from "../helpers/chinook-project.ts";
import { contextOf, runOperation } from "../helpers/operations.ts";
import { whyNot } from "../helpers/servers.ts";
import { candidateIsSound } from "../helpers/sound.ts";

const skip = noChinook || (await whyNot("postgres")) || (await whyNot("mysql"));

/** Builds a candidate from nothing but the project; the root of each module. */
async function rootsOf(root: string): Promise<Readonly<Record<string, string | undefined>>> {
  await generateRegistries(contextOf(root), []);
  await freezeRegistries(contextOf(root), [], { acceptChanged: false });
  const { summary } = await migrate(contextOf(root), { runId: "run-test", failAfterModule: undefined });
  if (summary.totalBlockers > 0) throw new Error(`there are faults: ${JSON.stringify(summary.byCode)}`);
  return Object.fromEntries(Object.entries(summary.modules).map(([name, module]) => [name, module.root]));
}

t.test(
  "one public database has the same eleven module roots from SQLite, PostgreSQL and MariaDB",
  { skip },
  async (t) => {
    const dir = t.testdir();
    const sqlite = join(dir, "sqlite");
    mkdirSync(sqlite);
    chinookSqlite(sqlite);
    writeChinook(sqlite, { kind: "sqlite", path: "chinook.db" }, "pascal");
    const expected = await rootsOf(sqlite);
    t.strictSame(Object.keys(expected).sort(), [...CHINOOK_MODULES].sort());
    await candidateIsSound(t, sqlite);

    const postgres = await chinookPostgres(t);
    writeChinook(join(dir, "postgres"), { kind: "postgres", url: postgres.url }, "snake");
    t.strictSame(await rootsOf(join(dir, "postgres")), expected, "PostgreSQL");
    await candidateIsSound(t, join(dir, "postgres"));

    const mysql = await chinookMysql(t);
    writeChinook(join(dir, "mysql"), { kind: "mysql", url: mysql.url }, "pascal");
    t.strictSame(await rootsOf(join(dir, "mysql")), expected, "MariaDB");
    await candidateIsSound(t, join(dir, "mysql"));
    t.equal(
      (await runOperation(join(dir, "mysql"), "verify-source")).summary.totalBlockers,
      0,
      "the source is as it was",
    );
  },
);
