import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import {
  type CommandResult,
  type CommandSpec,
  SSH_PATIENCE,
  type SshPatience,
} from "../../../tools/migration/cutover/process/command.ts";
import { endLeft } from "../../../tools/migration/cutover/process/left-command.ts";
import { recoverCommand, startCommand } from "../../../tools/migration/cutover/process/run-command.ts";
import { commandOf, isRunning, killHard, startDriver, until, untilFile } from "../../helpers/commands.ts";
import { noSshd, startHost, type TestHost } from "../../helpers/sshd.ts";

/** A fifth of what is promised, so that waiting takes seconds; with CANDOR_TEST_SSH_PATIENCE=1 all of it. */
const PATIENCE: SshPatience =
  process.env["CANDOR_TEST_SSH_PATIENCE"] === "1"
    ? SSH_PATIENCE
    : { aliveSeconds: 1, unreachedMs: 3000, wrapperMs: 1000 };
/** What a host that was given up may take beside its patience: connecting and fetching again. */
const MORE_MS = 10_000;

let count = 0;
function remote(t: Test, host: TestHost, text: string, more: Partial<CommandSpec> = {}): CommandSpec {
  const name = `run-1/${++count}-step.1`;
  mkdirSync(t.testdirName, { recursive: true });
  return commandOf(join(t.testdirName, `${count}`), text, {
    cwd: null,
    ssh: { ...host.target(name), patience: PATIENCE },
    ...more,
  });
}

const farFolder = (host: TestHost, spec: CommandSpec): string => join(host.home, ".cutover", spec.ssh?.folder ?? "");
const outOf = (result: CommandResult): string => readFileSync(result.out, "utf8");

async function adopted(spec: CommandSpec): Promise<CommandResult> {
  const found = await recoverCommand(spec);
  if (found.state !== "running") throw new Error(`expected a running command, got ${found.state}`);
  return found.command.result;
}

t.test("commands over a real sshd", { skip: noSshd }, async (t) => {
  const host = await startHost(t);

  await t.test("a remote command gives its own exit code, output and times", async (t) => {
    t.testdir();
    const result = await (await startCommand(remote(t, host, "echo hi; echo no >&2; pwd; exit 7"))).result;
    t.match(result, { end: "exit", exit: 7, recovered: false, survivors: [], notes: [] });
    t.equal(outOf(result), `hi\n${host.home}\n`);
    t.equal(readFileSync(result.err, "utf8"), "no\n");
    t.ok(result.start !== null && result.finish !== null);
  });

  await t.test("F102 F100 values reach it as variables, and no value lies on a disk or in an argument", async (t) => {
    t.testdir();
    const evil = "x; touch PWNED $(touch PWNED) 'quoted' \\ \n second line";
    const text = 'printf "%s" "$item"; cat /proc/*/cmdline | tr "\\0" " " | grep -c hunter[2]hunter || true';
    const spec = remote(t, host, text, { variables: { item: evil, TOKEN: "hunter2hunter" } });
    const result = await (await startCommand(spec)).result;
    t.equal(outOf(result), `${evil}0\n`);
    t.notOk(existsSync(join(host.home, "PWNED")));
    for (const dir of [spec.folder, farFolder(host, spec)]) {
      for (const name of readdirSync(dir, { recursive: true }).map(String)) {
        const path = join(dir, name);
        t.equal(statSync(path).mode & 0o077, 0, `${name} is private`);
        if (statSync(path).isFile()) t.notOk(readFileSync(path, "utf8").includes("hunter2hunter"), name);
      }
    }
  });

  await t.test("input, timeout, cap and survivors are as on this host", async (t) => {
    t.testdir();
    t.equal(
      outOf(await (await startCommand(remote(t, host, "cat", { input: "select 'a';\n" }))).result),
      "select 'a';\n",
    );
    const slow = await (await startCommand(remote(t, host, "sleep 1000", { timeoutMs: 300 }))).result;
    t.match(slow, { end: "timeout", exit: 143 });
    const flood = await (await startCommand(remote(t, host, "yes", { capBytes: 100_000 }))).result;
    t.match(flood, { end: "output", truncated: { out: true, err: false } });
    t.equal(statSync(flood.out).size, 100_000);
    const left = await (await startCommand(remote(t, host, "sleep 1000 & echo $!"))).result;
    t.match(left.survivors, [{ command: "sleep 1000", killed: true }]);
    t.notOk(isRunning(Number(outOf(left))));
  });

  await t.test("a remote command is ended on request", async (t) => {
    t.testdir();
    const spec = remote(t, host, "sleep 1000");
    const running = await startCommand(spec);
    await untilFile(join(farFolder(host, spec), "group"));
    running.terminate();
    t.match(await running.result, { end: "terminated", exit: 143 });
  });

  await t.test("F05 a command whose driver and connection were killed is found on its host", async (t) => {
    t.testdir();
    const spec = remote(t, host, "echo one; sleep 1; echo two; echo ran >> ran; exit 5");
    const driver = await startDriver(spec);
    await untilFile(join(farFolder(host, spec), "group"));
    await killHard(driver);
    const wrapper = Number(readFileSync(join(spec.folder, "ssh.1", "pid"), "utf8").split(" ")[0]);
    const group = Number(readFileSync(join(spec.folder, "ssh.1", "group"), "utf8"));
    process.kill(wrapper, "SIGKILL");
    process.kill(-group, "SIGKILL");
    await until(() => !isRunning(group));
    const result = await adopted(spec);
    t.match(result, { end: "exit", exit: 5, recovered: true });
    t.equal(outOf(result), "one\ntwo\n");
    t.equal(readFileSync(join(host.home, "ran"), "utf8"), "ran\n", "nothing ran twice");
    t.match(await recoverCommand(spec), { state: "ended", result: { exit: 5 } });
  });

  await t.test("F05 a living connection of a dead driver is waited for", async (t) => {
    t.testdir();
    const spec = remote(t, host, "sleep 0.7; exit 6");
    const driver = await startDriver(spec);
    await untilFile(join(farFolder(host, spec), "group"));
    await killHard(driver);
    t.match(await adopted(spec), { exit: 6, recovered: true });
    t.notOk(existsSync(join(spec.folder, "ssh.2")), "no second connection was needed");
  });

  await t.test("a read that nobody waits for any more is ended on the host too", async (t) => {
    t.testdir();
    const spec = remote(t, host, "echo $$; sleep 1000");
    const driver = await startDriver(spec);
    const out = join(farFolder(host, spec), "out");
    await untilFile(out);
    await killHard(driver);
    const far = Number(readFileSync(out, "utf8"));
    t.ok(isRunning(far));
    t.equal(await endLeft(spec.folder, spec.ssh?.folder ?? ""), true);
    t.notOk(isRunning(far));
    t.equal(await endLeft(spec.folder, spec.ssh?.folder ?? ""), false, "and once it is ended there is nothing left");
  });

  await t.test(
    "F03 a driver killed at any moment of a remote start leaves a command that runs once or never",
    async (t) => {
      t.testdir();
      for (let at = 0; at < 5; at++) {
        const spec = remote(t, host, "echo ran >> once.$count", { variables: { count: String(at) } });
        await killHard(await startDriver(spec));
        await new Promise((resolve) => setTimeout(resolve, at * 40));
        const found = await recoverCommand(spec);
        const result = found.state === "running" ? await found.command.result : undefined;
        const never = found.state === "not-started" || result?.end === "not-started";
        if (never) await new Promise((resolve) => setTimeout(resolve, 500));
        const path = join(host.home, `once.${at}`);
        t.equal(
          existsSync(path) ? readFileSync(path, "utf8") : "",
          never ? "" : "ran\n",
          `${found.state} ${result?.end}`,
        );
      }
    },
  );

  await t.test("F05 a folder that nothing was sent to is closed there too", async (t) => {
    t.testdir();
    const spec = remote(t, host, "echo ran >> closed");
    mkdirSync(join(spec.folder, "ssh.1"), { recursive: true });
    // As a driver leaves it whose client was killed before the host heard of it.
    writeFileSync(join(spec.folder, "claim"), "");
    writeFileSync(join(spec.folder, "ssh.1", "claim"), "");
    writeFileSync(join(spec.folder, "ssh.1", "pid"), "1 1 gone gone\n");
    t.match(await adopted(spec), { end: "not-started", notes: [/never started/] });
    const late = remote(t, host, "echo ran >> closed", { ssh: spec.ssh });
    t.match(await (await startCommand(late)).result, { end: "lost" }, "a late launch finds the folder taken");
    t.notOk(existsSync(join(host.home, "closed")));
  });

  await t.test("F24 a connection that breaks in the middle is made again", async (t) => {
    t.testdir();
    const spec = remote(t, host, "sleep 1; echo done; exit 8");
    const running = await startCommand(spec);
    await untilFile(join(farFolder(host, spec), "group"));
    await host.stop();
    await host.start();
    const result = await running.result;
    t.match(result, { end: "exit", exit: 8, notes: [/^connection 1 broke \(ssh exit 255\)$/] });
    t.equal(outOf(result), "done\n");
  });

  await t.test("F24 a connection that stalls is given up, and the exit code fetched", async (t) => {
    t.testdir();
    const spec = remote(t, host, "sleep 1; exit 9");
    const running = await startCommand(spec);
    await untilFile(join(farFolder(host, spec), "group"));
    const begun = process.hrtime.bigint();
    const sessions = host.sessions();
    for (const pid of sessions) process.kill(pid, "SIGSTOP");
    t.match(await running.result, { end: "exit", exit: 9, notes: [/connection 1 broke/] });
    const ms = Number(process.hrtime.bigint() - begun) / 1e6;
    t.ok(ms > 3000 * PATIENCE.aliveSeconds - 1000, `${ms} ms: silence is borne for a while`);
    t.ok(ms < 3000 * PATIENCE.aliveSeconds + MORE_MS, `${ms} ms`);
    for (const pid of sessions) process.kill(pid, "SIGCONT");
  });

  await t.test("F05 a wrapper that was killed on its host leaves an unknown outcome", async (t) => {
    t.testdir();
    const spec = remote(t, host, "sleep 1000");
    const running = await startCommand(spec);
    const far = farFolder(host, spec);
    await untilFile(join(far, "group"));
    process.kill(Number(readFileSync(join(far, "pid"), "utf8").split(" ")[0]), "SIGKILL");
    t.match(await running.result, { end: "lost", exit: null, notes: [/left no exit code/] });
    process.kill(-Number(readFileSync(join(far, "group"), "utf8")), "SIGKILL");
  });
});

t.test("a host that cannot be reached gives no result, within its limit", { skip: noSshd }, async (t) => {
  const host = await startHost(t);
  await host.stop();
  const spec = remote(t, host, "true");
  const begun = process.hrtime.bigint();
  t.match(await (await startCommand(spec)).result, { end: "lost", exit: null });
  const ms = Number(process.hrtime.bigint() - begun) / 1e6;
  t.ok(ms >= PATIENCE.unreachedMs && ms < PATIENCE.unreachedMs + MORE_MS, `${ms} ms`);
});

t.test("F24 unless told otherwise a silent connection is borne for 15 s", { skip: noSshd }, async (t) => {
  const host = await startHost(t);
  const spec = remote(t, host, "true", { ssh: host.target("run-1/default.1") });
  t.match(await (await startCommand(spec)).result, { end: "exit", exit: 0 });
  const line = readFileSync(join(spec.folder, "ssh.1", "cmd"), "utf8");
  t.match(line, /'ServerAliveCountMax=3'.*'ServerAliveInterval=5'/);
});
