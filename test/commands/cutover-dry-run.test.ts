import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { layStep22 } from "../estate/step22.ts";
import { CLI, candor, treeOf } from "../helpers/cli-project.ts";

t.test("G07, F103: a dry-run starts nothing and writes nothing but its report", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "estate-"));
  const { estate, vars } = await layStep22(dir);
  t.teardown(() => {
    estate.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const file = "migration/cutover/step22.yaml";
  cpSync(file, join(estate.project, file));
  const isReport = (path: string): boolean => path.startsWith("project/storage_reports");
  const before = treeOf(dir, isReport);
  const given = ["--var", `health_urls=${[vars["health_urls"]].flat().join(",")}`];
  const roles = "release-operator qa-owner release-manager ops-lead oncall-ops project-owner l1 l2 l3".split(" ");
  const people = roles.flatMap((role) => ["--assign", `${role}=person-${role}`]);
  const { code, stdout, stderr } = candor(estate.project, ["cutover", "dry-run", file, ...given, ...people], {
    env: estate.env,
  });
  t.equal(code, 0, stderr);
  t.match(stdout, /execute/);
  t.strictSame(treeOf(dir, isReport), before, "not one file is other than before");
});

/** A plan with every verb, here and on another host, and with everything that a run asks or tells beside its steps. */
const EVERYTHING = (port: number): string => `cutover: 1
id: DEMO
owner: ana
roles: {operator: ana}
secrets: ['TOKEN?']
hosts: {far: nobody@127.0.0.1}
dbs: {main: psql -h 127.0.0.1}
notify: {sh: cat >> told}
lock: {path: target-lock}
checks:
  shell: {probe: 'echo yes', out: 'yes'}
  page: {http: 'http://127.0.0.1:${port}/', status: 200}
  file: {see: [plan.yaml]}
gates:
  G1: {by: operator, pass: [{use: shell}, {probe: 'git rev-parse HEAD; echo yes', out: 'yes'}]}
baseline: {after: work, of: [shell, page]}
phases:
- id: work
  steps:
  - {id: local, sh: 'echo local >> effects', undo: {sh: 'echo back >> effects'}}
  - {id: remote, sh: 'echo remote >> effects', on: far, undo: {none: no}}
  - {id: post, http: {url: 'http://127.0.0.1:${port}/', method: POST}, undo: {none: no}}
  - {id: statement, sql: 'select 1;', db: main, undo: {none: no}}
  - {id: move, flip: {file: settings.json, key: /live, to: new}}
  - {id: person, manual: look, by: operator}
  - {id: pause, wait: 60s}
  checkpoint: [file]
stop:
- {id: down, use: page, every: 5s, bad_for: 30s, then: rollback}
writes: none
pack: {repos: [.]}
`;

/** A project with that plan, and a server that counts who comes. */
async function everything(t: Test): Promise<{ readonly root: string; readonly visits: () => number }> {
  let visits = 0;
  const server = createServer((_, response) => response.end("ok"));
  server.on("connection", () => {
    visits += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  const root = t.testdir({ migration: { "migration.json": "{}" }, "settings.json": '{"live":"old"}' });
  writeFileSync(join(root, "plan.yaml"), EVERYTHING((server.address() as AddressInfo).port));
  return { root, visits: () => visits };
}

const noStrace = spawnSync("strace", ["-V"]).status === 0 ? false : "needs strace to see what a process does";
const REPORT = "storage_reports/latest-cutover-dry-run";

t.test(
  "G07, F103: by its system calls a dry-run starts no process, opens no socket, writes its report",
  { skip: noStrace },
  async (t) => {
    const { root, visits } = await everything(t);
    const isReport = (path: string): boolean => path.startsWith("storage_reports");
    const before = treeOf(root, isReport);
    const calls = await traced(t, root, ["cutover", "dry-run", "plan.yaml"]);
    t.equal(calls.code, 0, calls.stderr);
    t.match(calls.stdout, /local[\s\S]*remote[\s\S]*statement/, "the plan is shown");
    t.equal(calls.started.length, 1, "its own start alone");
    t.strictSame(calls.sockets, []);
    t.strictSame(
      calls.written.filter((path) => !isOwn(root, path)),
      [],
    );
    t.ok(
      calls.written.some((path) => path.includes(`${REPORT}/summary.json`)),
      "the trace does see what is written",
    );
    t.strictSame(treeOf(root, isReport), before);
    t.strictSame(calls.left, [], "no process of it is left");
    t.equal(visits(), 0);

    const probed = await traced(t, root, ["cutover", "dry-run", "plan.yaml", "--probe"]);
    t.equal(probed.code, 0, probed.stderr);
    t.ok(probed.started.length > 1 && probed.sockets.length > 0, "with --probe it asks, and the trace sees that");
    t.ok(visits() > 0);
    t.strictSame(treeOf(root, isReport), before, "asking changes nothing either");
    t.strictSame(probed.left, []);
  },
);

const noUnshare =
  spawnSync("unshare", ["--map-root-user", "--net", "true"]).status === 0
    ? false
    : "needs unshare, and the right to it";

t.test("F103: a dry-run needs no network: where there is none it says the same", { skip: noUnshare }, async (t) => {
  const { root } = await everything(t);
  const args = [CLI, "cutover", "dry-run", "plan.yaml"];
  const here = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  const alone = ["--map-root-user", "--net", process.execPath, ...args];
  const there = spawnSync("unshare", alone, { cwd: root, encoding: "utf8" });
  t.equal(there.status, 0, there.stderr);
  t.equal(there.stdout, here.stdout);
});

/** What a run of the program did, by its system calls. */
interface Traced {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly started: readonly string[];
  readonly sockets: readonly string[];
  /** Paths that were made, changed or removed. */
  readonly written: readonly string[];
  /** Processes of this run that are still there. */
  readonly left: readonly string[];
}

const PROCESSES = ["execve", "execveat", "fork", "vfork"];
const SOCKETS = ["socket", "socketpair", "connect", "bind", "listen"];
const FILES =
  "open openat creat mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat";
const MODES = "chmod fchmodat chown fchownat truncate utimensat";

async function traced(t: Test, root: string, args: readonly string[]): Promise<Traced> {
  const file = join(t.testdirName, "..", `trace-${process.pid}-${args.length}`);
  t.teardown(() => rmSync(file, { force: true }));
  const names = [...PROCESSES, ...SOCKETS, ...FILES.split(" "), ...MODES.split(" ")];
  const mark = `CANDOR_TEST_MARK=${file}`;
  // A question mark: not every machine has every call.
  const trace = `trace=${names.map((name) => `?${name}`).join(",")}`;
  const words = ["-f", "-qq", "--seccomp-bpf", "-s", "4096", "-o", file, "-e", trace, "-E", mark];
  const ran = await ended("strace", [...words, process.execPath, CLI, ...args], root);
  // `1234 openat(AT_FDCWD, "/x", O_RDWR|O_CREAT, 0666) = 3`; what failed for it is not there did nothing.
  const calls = [...readFileSync(file, "utf8").matchAll(/^\d+ +(\w+)\((.*)$/gm)].map(([, name = "", rest = ""]) => ({
    name,
    rest,
  }));
  const done = calls.filter(({ rest }) => !/= -1 E/.test(rest));
  const changing = done.filter(({ name, rest }) => {
    if (PROCESSES.includes(name) || SOCKETS.includes(name)) return false;
    return !name.startsWith("open") || /O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)/.test(rest);
  });
  return {
    ...ran,
    started: done.filter(({ name }) => PROCESSES.includes(name)).map(({ rest }) => rest),
    sockets: calls.filter(({ name }) => SOCKETS.includes(name)).map(({ name, rest }) => `${name} ${rest}`),
    written: changing.flatMap(({ rest }) => [...rest.matchAll(/"([^"]*)"/g)].map(([, path]) => path ?? "")),
    left: processesWith(mark),
  };
}

function ended(program: string, args: readonly string[], cwd: string) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    const said = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].on("data", (data) => {
        said[name] += data;
      });
    }
    child.on("close", (code) => resolve({ code, ...said }));
  });
}

function processesWith(mark: string): readonly string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, "utf8").split("\0").includes(mark);
    } catch {
      return false;
    }
  });
}

/** The report of the dry run and the folder above it; what is for nobody. */
function isOwn(root: string, path: string): boolean {
  const report = join(root, REPORT);
  return (
    path === report || path.startsWith(`${report}/`) || path === join(root, "storage_reports") || path === "/dev/null"
  );
}
