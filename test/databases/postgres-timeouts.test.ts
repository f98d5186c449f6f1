import t from "tap";
import { openPostgres } from "../../tools/migration/databases/postgres-session.ts";
import { postgresDatabase, whyNot } from "../helpers/servers.ts";

const skip = await whyNot("postgres");

t.test("no timeout of the server ends a session, neither one that only newer servers know", { skip }, async (t) => {
  const { place, session } = await postgresDatabase(t);
  const names =
    "'statement_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout'";
  const known = await session.rows("Looking", `SELECT name FROM pg_settings WHERE name IN (${names}) ORDER BY 1`);
  for (const [name] of known) await session.run("Setting", `ALTER DATABASE ${place.database} SET ${name} = '30s'`);
  const later = await openPostgres(place, { readOnly: true, code: "IO" });
  t.teardown(() => later.close());
  const kept = await later.rows("Looking", `SELECT name, setting FROM pg_settings WHERE name IN (${names}) ORDER BY 1`);
  t.ok(known.length >= 2);
  t.strictSame(
    kept,
    known.map(([name]) => [name, "0"]),
  );
});
