import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Test } from "tap";
import { openMysql } from "../../tools/migration/databases/mysql-session.ts";
import { openPostgres } from "../../tools/migration/databases/postgres-session.ts";
import { resolveServer, type ServerPlace } from "../../tools/migration/databases/server-place.ts";
import type { Authority } from "./authority.ts";
import { freePort } from "./free-port.ts";
import { type Program, ServerProcess } from "./server-process.ts";

/** Engines whose servers a test can start for itself. */
export type OwnKind = "postgres" | "mysql";

/** A database server that belongs to one test file, and can be killed. */
export interface OwnServer {
  readonly kind: OwnKind;
  readonly port: number;
  /** The database `name` as `owner`, who needs no password; without a password. */
  readonly urlOf: (name: string, user?: string) => string;
  /** Runs statements as the owner, in the database `name`. */
  readonly run: (name: string, ...statements: readonly string[]) => Promise<void>;
  /** The first value of a query, as text. */
  readonly ask: (name: string, query: string) => Promise<string | null>;
  readonly process: ServerProcess;
}

/** What a server is started with. */
export interface OwnOptions {
  /** Without one the server speaks plain text only. */
  readonly tls?: Authority;
  /** PostgreSQL: lines of pg_hba.conf before the one that trusts the owner. */
  readonly hba?: readonly string[];
}

const PLACES = ["/usr/lib/postgresql", "/usr/sbin", "/usr/bin", "/usr/libexec"];

/** Why an own server of an engine cannot be started here; false where it can. With CANDOR_TEST_REQUIRE=1 it must. */
export function whyNoOwn(kind: OwnKind): string | false {
  const names = kind === "postgres" ? ["initdb", "postgres"] : ["mariadb-install-db", "mariadbd"];
  const missing = names.filter((name) => programOf(name) === undefined);
  if (missing.length === 0 || process.env["CANDOR_TEST_REQUIRE"] === "1") return false;
  return `needs ${missing.join(" and ")} to start a server of its own`;
}

/** Starts a server of an engine on a free port, with data of its own; it is gone when the test is over. */
export async function ownServer(
  t: Pick<Test, "teardown">,
  kind: OwnKind,
  options: OwnOptions = {},
): Promise<OwnServer> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), `candor-${kind}-`)));
  // The last that is put away, also where the server cannot be made.
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const port = await freePort();
  const urlOf = (name: string, user = "owner"): string => `${kind}://${user}@127.0.0.1:${port}/${name}`;
  const place = (name: string): ServerPlace => resolveServer({ kind, url: urlOf(name) }, { root: ".", env: {} });
  const answers = (): Promise<boolean> => answersAt(place(kind === "postgres" ? "postgres" : "mysql"));
  const make = kind === "postgres" ? makePostgres : makeMysql;
  const server = new ServerProcess({ ...make(dir, port, options), answers });
  t.teardown(() => server.stop());
  await server.start();
  const ask: OwnServer["ask"] = async (name, query) => (await rowsAt(place(name), [query]))[0]?.[0] ?? null;
  const run: OwnServer["run"] = async (name, ...statements) => void (await rowsAt(place(name), statements));
  return { kind, port, urlOf, ask, run, process: server };
}

/** The path of a program that may not lie where a shell looks. */
function programOf(name: string): string | undefined {
  const versions = existsSync("/usr/lib/postgresql") ? readdirSync("/usr/lib/postgresql") : [];
  const newestFirst = versions
    .sort((a, b) => Number(b) - Number(a))
    .map((one) => join("/usr/lib/postgresql", one, "bin"));
  const folders = [...newestFirst, ...PLACES, ...(process.env["PATH"] ?? "").split(delimiter)];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

type Made = Omit<Program, "answers">;

function makePostgres(dir: string, port: number, { tls, hba = [] }: OwnOptions): Made {
  const data = join(dir, "data");
  const owner = unprivileged();
  if (owner !== undefined) chownSync(dir, owner.uid, owner.gid);
  const locale = ["--locale=C", "--encoding=UTF8"];
  ran(programOf("initdb"), ["-D", data, "-U", "owner", "-A", "trust", "--no-sync", ...locale], owner);
  const rules = [...hba, "host all owner 127.0.0.1/32 trust", ""];
  writeFileSync(join(data, "pg_hba.conf"), rules.join("\n"));
  const settings = { listen_addresses: "127.0.0.1", unix_socket_directories: "", fsync: "off", shared_buffers: "16MB" };
  const files = tls === undefined ? undefined : owned(data, tls, owner);
  const ssl =
    files === undefined ? {} : { ssl: "on", ssl_cert_file: files.cert, ssl_key_file: files.key, ssl_ca_file: files.ca };
  writeFileSync(join(data, "postgresql.auto.conf"), lines({ ...settings, ...ssl }), { flag: "a" });
  const args = ["-D", data, "-p", String(port)];
  return { file: programOf("postgres") ?? "", args, endWith: "SIGQUIT", ...(owner === undefined ? {} : { owner }) };
}

function lines(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = '${value}'\n`)
    .join("");
}

/** PostgreSQL takes no key that others may read. */
function owned(data: string, tls: Authority, owner: ReturnType<typeof unprivileged>): Authority {
  const taken = (from: string, name: string): string => {
    const file = join(data, name);
    copyFileSync(from, file);
    chmodSync(file, 0o600);
    if (owner !== undefined) chownSync(file, owner.uid, owner.gid);
    return file;
  };
  return { ca: taken(tls.ca, "ca.pem"), cert: taken(tls.cert, "server.pem"), key: taken(tls.key, "server.key") };
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout);
  return { uid: id("-u"), gid: id("-g") };
}

const OWNER = `CREATE USER IF NOT EXISTS owner@'127.0.0.1';
GRANT ALL ON *.* TO owner@'127.0.0.1' WITH GRANT OPTION;
`;

function makeMysql(dir: string, port: number, { tls }: OwnOptions): Made {
  const data = join(dir, "data");
  // Servers that share a folder for temporary tables clear away each other's when they start.
  const tmp = `--tmpdir=${dir}`;
  const user = process.getuid?.() === 0 ? ["--user=root"] : [];
  ran(programOf("mariadb-install-db"), [
    ...["--no-defaults", `--datadir=${data}`, tmp, "--auth-root-authentication-method=normal", "--skip-test-db"],
    ...user,
  ]);
  writeFileSync(join(dir, "init.sql"), OWNER);
  const files = [`--datadir=${data}`, tmp, `--socket=${join(dir, "s")}`, `--pid-file=${join(dir, "pid")}`];
  const ssl = tls === undefined ? [] : [`--ssl-ca=${tls.ca}`, `--ssl-cert=${tls.cert}`, `--ssl-key=${tls.key}`];
  const net = [
    "--bind-address=127.0.0.1",
    `--port=${port}`,
    "--skip-name-resolve",
    `--init-file=${join(dir, "init.sql")}`,
  ];
  const small = ["--innodb-buffer-pool-size=64M", "--performance-schema=OFF"];
  const args = ["--no-defaults", ...files, ...net, ...ssl, ...small, ...user];
  return { file: programOf("mariadbd") ?? "", args, endWith: "SIGKILL" };
}

function ran(file: string | undefined, args: readonly string[], owner?: { uid: number; gid: number }): void {
  const { status, stderr, stdout } = spawnSync(file ?? "", args, { encoding: "utf8", cwd: "/", ...owner });
  if (status !== 0) throw new Error(`${file}: ${stderr}${stdout}`);
}

async function answersAt(place: ServerPlace): Promise<boolean> {
  return rowsAt(place, ["SELECT 1"]).then(
    () => true,
    () => false,
  );
}

async function rowsAt(
  place: ServerPlace,
  statements: readonly string[],
): Promise<readonly (readonly (string | null)[])[]> {
  const open = place.kind === "postgres" ? openPostgres : openMysql;
  const session = await open(place, { readOnly: false, code: "IO" });
  try {
    let rows: readonly (readonly (string | null)[])[] = [];
    for (const statement of statements) rows = await session.rows("Asking", statement);
    return rows;
  } finally {
    await session.close();
  }
}
