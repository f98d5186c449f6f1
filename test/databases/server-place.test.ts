import { join } from "node:path";
import t from "tap";
import { resolveServer, type ServerConfig } from "../../tools/migration/databases/server-place.ts";
import { MigrationError } from "../../tools/migration/model/errors.ts";

function place(config: ServerConfig, env: Record<string, string> = {}, root = ".") {
  return resolveServer(config, { root, env });
}

function refusal(config: ServerConfig, env: Record<string, string> = {}): MigrationError {
  try {
    place(config, env);
  } catch (error) {
    if (error instanceof MigrationError) return error;
  }
  throw new Error("nothing was refused");
}

t.test("a connection string counts first, and what it leaves open comes from the engine's own variables", async (t) => {
  const env = { DATABASE_URL: "postgres://other@elsewhere/x", PGPASSWORD: "secret", PGPORT: "6543", PGDATABASE: "d" };
  t.match(place({ kind: "postgres", url: "postgresql://ana@db.example/shop" }, env), {
    ...{ host: "db.example", port: 6543, user: "ana", password: "secret", database: "shop", schema: "public" },
    label: "postgres://ana@db.example:6543/shop",
  });
  t.match(place({ kind: "postgres" }, env), { host: "elsewhere", user: "other", database: "x" });
  t.match(place({ kind: "postgres", env: "SHOP" }, { SHOP: "postgres://u:p%40ss@h:1/d%C3%A4" }), {
    ...{ host: "h", port: 1, user: "u", password: "p@ss", database: "dä" },
    label: "postgres://u@h:1/dä",
  });
  t.match(place({ kind: "postgres" }, { DATABASE_URL: "mysql://u@h/d", PGUSER: "me" }), {
    ...{ host: "localhost", port: 5432, user: "me", database: "me" },
  });
  t.match(place({ kind: "mysql" }, { MYSQL_HOST: "h", MYSQL_TCP_PORT: "3307", MYSQL_PWD: "s", MYSQL_DATABASE: "d" }), {
    ...{ host: "h", port: 3307, user: "root", password: "s", database: "d", schema: "d" },
  });
  t.match(place({ kind: "postgres", url: "postgres:///d?host=/run/sock" }), {
    host: "/run/sock",
    tls: { mode: "disable" },
  });
});

t.test("a password is never taken from the configuration, and never shown", async (t) => {
  const error = refusal({ kind: "postgres", url: "postgres://ana:geheim@db.example/shop" });
  t.match(error, { code: "CONFIG_INVALID", remedy: /PGPASSWORD/ });
  t.notMatch(JSON.stringify([error.message, error.remedy, error.problems]), "geheim");
  t.notMatch(place({ kind: "mysql", env: "X" }, { X: "mysql://a:geheim@h/d" }).label, "geheim");
  t.match(refusal({ kind: "postgres", url: "postgres://h/d?password=geheim" }), { code: "CONFIG_INVALID" });
});

t.test("what is no place is refused with the variables that would make one", async (t) => {
  t.match(refusal({ kind: "mysql" }), { code: "CONFIG_INVALID", remedy: /MYSQL_DATABASE/ });
  t.match(refusal({ kind: "postgres", env: "SHOP" }), { message: /variable SHOP, got no such variable/ });
  t.match(refusal({ kind: "postgres", env: "SHOP" }, { SHOP: "mysql://h/d" }), { message: /SHOP, got another text/ });
  t.match(refusal({ kind: "postgres", url: "shop" }), { message: /source\.url/ });
  t.match(refusal({ kind: "postgres" }, { PGPORT: "x" }), { message: /a port/ });
});

t.test("another machine is spoken to with verified TLS, unless told otherwise", async (t) => {
  const dir = t.testdir({ "ca.pem": "CA" });
  const away = { kind: "postgres", url: "postgres://u@db.example/d" } as const;
  t.match(place(away).tls, { mode: "verify-full", ca: undefined });
  t.match(place({ ...away, tls: { ca: "ca.pem" } }, {}, dir).tls, { mode: "verify-full", ca: "CA" });
  t.match(place(away, { PGSSLMODE: "disable" }).tls, { mode: "disable" });
  t.match(place({ ...away, url: `${away.url}?sslmode=require` }).tls, { mode: "require" });
  t.match(place({ kind: "mysql", url: "mysql://u@db.example/d?ssl-mode=VERIFY_CA" }).tls, { mode: "verify-ca" });
  t.match(place({ kind: "postgres", url: "postgres://u@127.0.0.1/d" }).tls, { mode: "disable" });
  const here = { kind: "postgres", url: "postgres://u@127.0.0.1/d" } as const;
  t.match(place({ ...here, tls: { ca: "ca.pem" } }, {}, dir).tls, { mode: "verify-full", ca: "CA" });
  t.match(place(here, { PGSSLROOTCERT: "ca.pem" }, dir).tls, { mode: "disable", ca: undefined });
  t.match(place(away, { PGSSLMODE: "require", PGSSLROOTCERT: "ca.pem" }, dir).tls, { mode: "verify-ca", ca: "CA" });
  t.match(place(away, { PGSSLROOTCERT: "system" }, dir).tls, { mode: "verify-full", ca: undefined });
  const files = { sslrootcert: "ca.pem", sslcert: "ca.pem", sslkey: "ca.pem" };
  const inUrl = { ...away, url: `${away.url}?${new URLSearchParams(files)}` };
  t.match(place(inUrl, {}, dir).tls, { mode: "verify-full", ca: "CA", cert: "CA", key: "CA" });
  t.match(refusal({ ...away, url: `${away.url}?sslmode=prefer` }), { code: "CONFIG_INVALID", message: /verify-full/ });
  t.match(refusal({ ...away, tls: { ca: join(dir, "none.pem") } }), { message: /none\.pem cannot be read \(ENOENT\)/ });
});
