import { spawnSync } from "node:child_process";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";

/** What a reader needs to know of the machine; no host name and no path. */
export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGiB: number;
  readonly platform: string;
  readonly node: string;
  readonly openssl: string;
  /** Processes that wanted a core in the minute before: above the number of cores, only ratios mean something. */
  readonly loadBefore: number;
}

/** The facts of this machine, now. */
export function machineFacts(): Machine {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform}-${process.arch}`,
    node: process.versions.node,
    openssl: opensslVersion(),
    loadBefore: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}

function opensslVersion(): string {
  const { status, stdout } = spawnSync("openssl", ["version"], { encoding: "utf8" });
  return status === 0 ? (/^OpenSSL (\S+)/.exec(stdout)?.[1] ?? "unknown") : "none";
}
