import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";
import type { SshTarget } from "../../tools/migration/cutover/process/command.ts";
import { freePort } from "./free-port.ts";
import { childrenOf } from "./server-process.ts";

const SSHD = "/usr/sbin/sshd";

/** False where a real sshd can be started, else the reason to skip. */
export const noSshd: string | false = existsSync(SSHD) ? false : "needs openssh-server";

/** A real sshd on loopback, with keys, configuration and home of its own. */
export interface TestHost {
  readonly target: (folder: string) => SshTarget;
  /** The home that commands see there; `.cutover` is in it. */
  readonly home: string;
  readonly start: () => Promise<void>;
  /** Ends the server and every connection. */
  readonly stop: () => Promise<void>;
  /** Process ids of the server's connections. */
  readonly sessions: () => readonly number[];
}

/** Starts sshd until the test ends. Its folder is not below `t.testdir()`: sshd wants short paths nobody else can write. */
export async function startHost(t: Test): Promise<TestHost> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "sshd-")));
  const home = join(dir, "home");
  mkdirSync(home);
  for (const name of ["host", "user"]) {
    const made = spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(dir, name)]);
    if (made.status !== 0) throw new Error(String(made.stderr));
  }
  const port = await freePort();
  writeFileSync(join(dir, "sshd.conf"), serverConfig(dir, home, port));
  writeFileSync(join(dir, "ssh.conf"), clientConfig(dir, port));
  // sshd as root wants this folder for its unprivileged half.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  let server: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    server = spawn(SSHD, ["-D", "-e", "-f", join(dir, "sshd.conf")], { stdio: ["ignore", "ignore", "pipe"] });
    await new Promise((resolve) => server?.stderr?.once("data", resolve));
  };
  const sessions = (): readonly number[] => childrenOf(server?.pid ?? 0);
  const stop = async (): Promise<void> => {
    const gone = new Promise((resolve) => server?.once("exit", resolve));
    for (const pid of [...sessions().flatMap((pid) => [...childrenOf(pid), pid]), server?.pid ?? 0]) end(pid);
    await gone;
  };
  await start();
  t.teardown(async () => {
    if (server?.exitCode === null && server.signalCode === null) await stop();
    rmSync(dir, { recursive: true, force: true });
  });
  const options = ["-F", join(dir, "ssh.conf")];
  return { target: (folder) => ({ destination: "there", options, folder }), home, start, stop, sessions };
}

function serverConfig(dir: string, home: string, port: number): string {
  return `ListenAddress 127.0.0.1
Port ${port}
HostKey ${dir}/host
PidFile none
AuthorizedKeysFile ${dir}/user.pub
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
SetEnv HOME=${home}
`;
}

function clientConfig(dir: string, port: number): string {
  return `Host there
  HostName 127.0.0.1
  Port ${port}
  User ${userInfo().username}
  IdentityFile ${dir}/user
  IdentitiesOnly yes
  UserKnownHostsFile ${dir}/known
  StrictHostKeyChecking accept-new
  LogLevel ERROR
`;
}

function end(pid: number): void {
  try {
    if (pid > 1) process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by now.
  }
}
