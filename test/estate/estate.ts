import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";

const SOURCES = "test/estate";
const SERVICE = "build/test/estate/service.js";

/** How a service answers; `down` closes the connection, `sick` is 200 with a body that says otherwise. */
export type ServiceMode = "ok" | "fail" | "down" | "hang" | "flap" | "sick" | "drip";

/** One container of a stack. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly port: number;
}

/**
 * A world to practise in: programs over a state folder, hosts that are folders, containers that are real HTTP services
 * on loopback. Everything that happens in it is in its folder; nothing outside is touched.
 */
export class Estate {
  readonly dir: string;
  /** Where the plan runs. */
  readonly project: string;

  /** Lays an empty estate into `dir`, or takes the one that is there. */
  constructor(dir: string, isThere = false) {
    this.dir = resolve(dir);
    this.project = join(this.dir, "project");
    if (isThere) return;
    cpSync(join(SOURCES, "bin"), join(this.dir, "bin"), { recursive: true });
    cpSync(join(SOURCES, "lib.sh"), join(this.dir, "lib.sh"));
    for (const name of ["state/faults", "state/ready", "state/db", "state/services", "hosts", "project"]) {
      mkdirSync(join(this.dir, name), { recursive: true });
    }
    this.write("effects.log", "");
    this.write("node", process.execPath);
    this.write("service", resolve(SERVICE));
  }

  /** Environment of the driver: the estate's programs come before those of the machine. */
  get env(): Record<string, string> {
    return { PATH: `${join(this.dir, "bin")}:${process.env["PATH"] ?? ""}`, HOME: this.host("local"), LANG: "C.UTF-8" };
  }

  /** Writes a file of the state. */
  write(name: string, text: string): void {
    const path = join(this.dir, "state", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** Writes a file of the project, by a path from its root; a script where it begins with `#!`. */
  file(path: string, text: string): void {
    const full = join(this.project, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
    if (text.startsWith("#!")) chmodSync(full, 0o755);
  }

  /** The folder of a host, made where it is missing; it is the home of who connects. */
  host(name: string): string {
    const path = join(this.dir, "hosts", name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Makes a stack known to `docker compose` on a host. */
  stack(host: string, name: string, containers: readonly Container[]): void {
    const lines = containers.map((one) => `${one.name} ${one.image} ${one.port}\n`);
    this.write(`stacks/${host}/${name}`, lines.join(""));
  }

  /** How a service answers from now on. */
  mode(service: string, mode: ServiceMode): void {
    this.write(`services/${service}/mode`, mode);
  }

  /** Makes a program misbehave: `fail`, `once`, `hang` or `exit <n>`; undefined mends it. */
  fault(name: string, how: string | undefined): void {
    if (how === undefined) rmSync(join(this.dir, "state/faults", name), { force: true });
    else this.write(`faults/${name}`, `${how}\n`);
  }

  /** The side effects so far, in order. */
  effects(): readonly string[] {
    return readFileSync(join(this.dir, "state/effects.log"), "utf8").split("\n").slice(0, -1);
  }

  /** Runs a command of the estate on a host; throws where it fails. */
  run(host: string, command: string): string {
    const env = { ...this.env, HOME: this.host(host), ESTATE_HOST: host };
    const cwd = host === "local" ? this.project : this.host(host);
    const { status, stdout, stderr } = spawnSync("bash", ["-c", command], { cwd, env, encoding: "utf8" });
    if (status !== 0) throw new Error(`${command}: exit code ${status}: ${stderr}`);
    return stdout;
  }

  /** Stops every service. */
  close(): void {
    const running = join(this.dir, "state/running");
    if (!existsSync(running)) return;
    for (const name of readdirSync(running, { recursive: true }).map(String)) {
      const pid = /^(\d+) \S+ \d+\n$/.exec(readIfFile(join(running, name)))?.[1];
      if (pid !== undefined) tryKill(Number(pid));
    }
  }
}

/** `count` ports of loopback that are free now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((done) => {
          server.listen(0, "127.0.0.1", () => {
            const address = server.address();
            done(typeof address === "object" && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

function readIfFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
