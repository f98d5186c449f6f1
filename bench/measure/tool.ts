import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Root of the repository: the compiled harness is in build/bench/measure. */
export const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));

/** The launcher of the tool. */
export const CLI = fileURLToPath(new URL("../../../tools/migration/cli.js", import.meta.url));

/** What the tool can do by now, as its help says. */
export interface Features {
  /** Verbs that can be told how many workers to use. */
  readonly workers: readonly string[];
  readonly scrub: boolean;
  readonly diff: boolean;
  /** The verb works on the generated SQLite source. */
  readonly sqlite: boolean;
}

/** Verbs that are measured. */
const VERBS = ["verify-checksums", "scan-all", "migrate", "dry-run"];

/** Asks the command line what it offers; `probe` is a tiny project over SQLite. */
export function detectFeatures(probe: string): Features {
  const helps = new Map(VERBS.map((verb) => [verb, help(verb)]));
  const verify = helps.get("verify-checksums") ?? "";
  return {
    workers: VERBS.filter((verb) => helps.get(verb)?.includes("--workers")),
    scrub: verify.includes("--level") && verify.includes("scrub"),
    diff: /^\s+diff\b/m.test(help()),
    sqlite: call(["dry-run", "--quiet", "--root", probe]).status === 0,
  };
}

function help(...command: readonly string[]): string {
  return call([...command, "--help"]).stdout;
}

function call(args: readonly string[]): { readonly status: number | null; readonly stdout: string } {
  return spawnSync(process.execPath, [CLI, ...args], { encoding: "utf8" });
}
