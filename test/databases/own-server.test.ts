import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { openMysql } from "../../tools/migration/databases/mysql-session.ts";
import { openPostgres } from "../../tools/migration/databases/postgres-session.ts";
import { resolveServer, type ServerConfig } from "../../tools/migration/databases/server-place.ts";
import { hasOpenssl, makeAuthority, makeClient } from "../helpers/authority.ts";
import { candor, type Ran } from "../helpers/cli-project.ts";
import { type OwnKind, type OwnServer, ownServer, whyNoOwn } from "../helpers/own-servers.ts";
import { rejection } from "../helpers/read-source.ts";

t.setTimeout(240_000);

const SECRET = "geheim-4711";

/** `ana` needs TLS and a password, `carl` a certificate, and `bo` a password alone. */
const WORDS = {
  postgres: {
    hba: [
      "hostssl all ana 127.0.0.1/32 scram-sha-256",
      "hostssl all carl 127.0.0.1/32 cert",
      "host all bo 127.0.0.1/32 scram-sha-256",
    ],
    users: [
      `CREATE ROLE ana LOGIN PASSWORD '${SECRET}'`,
      "CREATE ROLE carl LOGIN",
      `CREATE ROLE bo LOGIN PASSWORD '${SECRET}'`,
    ],
    grant: "GRANT SELECT ON things TO ana, bo, carl",
    isTls: "SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
    password: "PGPASSWORD",
  },
  mysql: {
    hba: [],
    users: [
      `CREATE USER ana IDENTIFIED BY '${SECRET}' REQUIRE SSL`,
      "CREATE USER carl REQUIRE X509",
      `CREATE USER bo IDENTIFIED BY '${SECRET}'`,
    ],
    grant: "GRANT SELECT ON shop.* TO ana, bo, carl",
    isTls:
      "SELECT IF(VARIABLE_VALUE = '', 'false', 'true') FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'Ssl_cipher'",
    password: "MYSQL_PWD",
  },
} as const;

/** A server whose certificate names 127.0.0.1 and nothing else, with a folder of authorities. */
interface World {
  readonly server: OwnServer;
  readonly root: string;
}

async function worldOf(t: Test, kind: OwnKind): Promise<World> {
  const root = t.testdir();
  const tls = makeAuthority(join(root, "ours"), "IP:127.0.0.1");
  makeAuthority(join(root, "other"), "IP:127.0.0.1,DNS:localhost");
  makeClient(join(root, "ours"), "carl");
  const { hba, users, grant } = WORDS[kind];
  const server = await ownServer(t, kind, { tls, hba });
  await server.run(kind, "CREATE DATABASE shop", ...users);
  await server.run("shop", "CREATE TABLE things (id int PRIMARY KEY)", "INSERT INTO things VALUES (1)", grant);
  return { server, root };
}

type Variables = Readonly<Record<string, string>>;

/** Connects as the configuration says; tells whether that is by TLS. */
async function isTls(world: World, config: Omit<ServerConfig, "kind">, env: Variables): Promise<boolean> {
  const { kind } = world.server;
  const place = resolveServer({ kind, ...config }, { root: world.root, env });
  const open = kind === "postgres" ? openPostgres : openMysql;
  const session = await open(place, { readOnly: true, code: "SOURCE_INVALID" });
  try {
    return (await session.rows("Asking", WORDS[kind].isTls))[0]?.[0] === "true";
  } finally {
    await session.close();
  }
}

const CA = "ours/ca.pem";
const OTHER = "other/ca.pem";

async function looksAtCertificates(t: Test, world: World): Promise<void> {
  const { kind } = world.server;
  const url = world.server.urlOf("shop", "ana");
  const byName = url.replace("127.0.0.1", "localhost");
  const env = { [WORDS[kind].password]: SECRET };
  const good: readonly Omit<ServerConfig, "kind">[] = [
    { url, tls: { mode: "verify-full", ca: CA } },
    { url, tls: { ca: CA } },
    { url, tls: { mode: "require" } },
    { url, tls: { mode: "require", ca: CA } },
    { url: byName, tls: { mode: "verify-ca", ca: CA } },
    { url: `${url}?sslmode=verify-full&sslrootcert=${CA}` },
    { url: `${url}?ssl-mode=VERIFY_IDENTITY&ssl-ca=${CA}` },
  ];
  for (const config of good) t.equal(await isTls(world, config, env), true, JSON.stringify(config));
  const bad: readonly (readonly [Omit<ServerConfig, "kind">, RegExp, RegExp])[] = [
    [{ url, tls: { mode: "verify-full" } }, /TLS connection to .*certificate/, /`source\.tls\.ca`/],
    [{ url, tls: { mode: "verify-full", ca: OTHER } }, /TLS connection to .*certificate/, /`source\.tls\.ca`/],
    [{ url, tls: { mode: "verify-ca", ca: OTHER } }, /TLS connection to .*certificate/, /`source\.tls\.ca`/],
    [{ url, tls: { mode: "require", ca: OTHER } }, /TLS connection to .*certificate/, /`source\.tls\.ca`/],
    [{ url: byName, tls: { mode: "verify-full", ca: CA } }, /TLS connection to .*altnames/, /verify-ca/],
  ];
  for (const [config, message, remedy] of bad) {
    const error = await rejection(() => isTls(world, config, env));
    t.match(error, { code: "SOURCE_INVALID", message, remedy }, JSON.stringify(config));
  }
  const plain = await rejection(() => isTls(world, { url, tls: { mode: "disable" } }, env));
  t.match(plain, { code: "SOURCE_INVALID", message: kind === "postgres" ? /no encryption/ : /ER_ACCESS_DENIED/ });
  if (kind === "postgres") t.match(plain, { remedy: /wants TLS/ });
}

async function takesVariables(t: Test, world: World): Promise<void> {
  const { kind, urlOf } = world.server;
  const whole = urlOf("shop", `ana:${SECRET}`);
  t.ok(await isTls(world, {}, { DATABASE_URL: `${whole}?sslmode=verify-full&sslrootcert=${CA}` }));
  t.ok(await isTls(world, { env: "SHOP", tls: { ca: CA } }, { SHOP: whole }));
  const client = "sslcert=ours/client.pem&sslkey=ours/client.key";
  t.ok(await isTls(world, { url: `${urlOf("shop", "carl")}?sslmode=verify-full&sslrootcert=${CA}&${client}` }, {}));
  const without = await rejection(() => isTls(world, { url: urlOf("shop", "carl"), tls: { ca: CA } }, {}));
  t.match(without, { code: "SOURCE_INVALID" }, "a user known by a certificate comes with none");
  if (kind !== "postgres") return;
  const env = { PGHOST: "127.0.0.1", PGPORT: String(world.server.port), PGDATABASE: "shop" };
  const ana = { ...env, PGUSER: "ana", PGPASSWORD: SECRET, PGSSLMODE: "verify-full" };
  t.ok(await isTls(world, {}, { ...ana, PGSSLROOTCERT: CA }));
  t.match(await rejection(() => isTls(world, {}, { ...ana, PGSSLROOTCERT: OTHER })), { message: /certificate/ });
  t.match(await rejection(() => isTls(world, {}, { ...ana, PGSSLROOTCERT: "system" })), { message: /certificate/ });
  const files = { PGSSLROOTCERT: CA, PGSSLCERT: "ours/client.pem", PGSSLKEY: "ours/client.key" };
  t.ok(await isTls(world, {}, { ...env, ...files, PGUSER: "carl", PGSSLMODE: "verify-ca" }));
  t.match(await rejection(() => isTls(world, {}, { ...ana, PGSSLMODE: "prefer" })), { code: "CONFIG_INVALID" });
}

/** A password is in no output and in no file that a command leaves. */
function isSecret(t: Test, root: string, ran: Ran): void {
  const files = readdirSync(root, { recursive: true }).map((name) => join(root, String(name)));
  const texts = files.filter((file) => statSync(file).isFile()).map((file) => readFileSync(file, "latin1"));
  t.notOk(
    [ran.stdout, ran.stderr, ...texts].some((text) => text.includes(SECRET)),
    "the password is nowhere",
  );
}

async function keepsPasswords(t: Test, world: World): Promise<void> {
  const { kind, urlOf } = world.server;
  const init = (user: string, env: Variables): Ran => {
    const root = t.testdir();
    const ran = candor(root, ["init", "--from", `${kind}:`], { env: { DATABASE_URL: urlOf("shop", user), ...env } });
    isSecret(t, root, ran);
    return ran;
  };
  t.match(init(`bo:${SECRET}`, {}), { code: 0 });
  t.match(init("bo", { [WORDS[kind].password]: SECRET }), { code: 0 });
  const wrong = init(`bo:${SECRET}-wrong`, {});
  t.match(wrong, {
    code: 2,
    stderr: /^error SOURCE_INVALID: .*(28P01|ER_ACCESS_DENIED).*\n.*next: Give a user, password/,
  });
  const none = init("bo", {});
  t.match(none, { code: 2, stderr: /^error SOURCE_INVALID: / });
  if (kind === "postgres") t.match(none.stderr, /asks for a password, and none was given.*\n.*next: .*PGPASSWORD/);
}

async function outlivesLimits(t: Test, { server }: World): Promise<void> {
  const limits = ["SET GLOBAL sql_select_limit = 2", "SET GLOBAL max_statement_time = 0.2"];
  const back = ["SET GLOBAL sql_select_limit = DEFAULT", "SET GLOBAL max_statement_time = DEFAULT"];
  await server.run("shop", ...limits);
  const place = resolveServer({ kind: "mysql", url: server.urlOf("shop") }, { root: ".", env: {} });
  const session = await openMysql(place, { readOnly: true, code: "SOURCE_INVALID" });
  t.equal((await session.rows("Asking", "SELECT seq FROM seq_1_to_10")).length, 10);
  t.strictSame(await session.rows("Asking", "SELECT sleep(0.5)"), [["0"]]);
  await session.close();
  await server.run("shop", ...back);
}

for (const kind of ["postgres", "mysql"] as const) {
  const skip = whyNoOwn(kind) || (hasOpenssl ? false : "needs openssl");
  t.test(`TLS and passwords of ${kind}`, { skip }, async (t) => {
    const world = await worldOf(t, kind);
    await t.test("a certificate is held to its authority and its name", (t) => looksAtCertificates(t, world));
    await t.test("connection strings and variables name the same", (t) => takesVariables(t, world));
    await t.test("a password is in no message and in no file", (t) => keepsPasswords(t, world));
    if (kind === "mysql") {
      await t.test("limits of a server cut neither a result nor a long statement", (t) => outlivesLimits(t, world));
    }
    await t.test("a server without TLS is refused where TLS is wanted", async (t) => {
      await world.server.process.stop();
      await world.server.process.start(kind === "postgres" ? ["-c", "ssl=off"] : ["--skip-ssl"]);
      for (const mode of ["require", "verify-ca", "verify-full"] as const) {
        const config = { url: world.server.urlOf("shop"), tls: { mode, ca: CA } };
        const error = await rejection(() => isTls(world, config, {}));
        t.match(error, { code: "SOURCE_INVALID", message: /TLS connection to .*not support/, remedy: /disable/ }, mode);
      }
      t.equal(await isTls(world, { url: world.server.urlOf("shop") }, {}), false, "without, it answers");
    });
  });
}
