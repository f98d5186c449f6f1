import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Root of the repository: the compiled harness is in build/bench/measure. */
export const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));

/** The launcher of the tool. */
export const CLI = fileURLToPath(new URL("../../../tools/migration/cli.js", import.meta.url));

/** What the tool can do by now, as its help says. */
export interface Features {
  readonly workers: boolean;
  readonly scrub: boolean;
  readonly diff: boolean;
  /** The flag of migrate that leaves the read back out. */
  readonly noReadBack: string | undefined;
  /** The verb works on the generated SQLite source. */
  readonly sqlite: boolean;
}

/** Asks the command line what it offers; `probe` is a tiny project over SQLite. */
export function detectFeatures(probe: string): Features {
  const [migrate, verify] = [help("migrate"), help("verify-checksums")];
  return {
    workers: verify.includes("--workers"),
    scrub: verify.includes("--level") && verify.includes("scrub"),
    diff: /^\s+diff\b/m.test(help()),
    noReadBack: /--(?:no|skip|without)-read-?back/.exec(migrate)?.[0],
    sqlite: call(["dry-run", "--quiet", "--root", probe]).status === 0,
  };
}

function help(...command: readonly string[]): string {
  return call([...command, "--help"]).stdout;
}

function call(args: readonly string[]): { readonly status: number | null; readonly stdout: string } {
  return spawnSync(process.execPath, [CLI, ...args], { encoding: "utf8" });
}
