import { join } from "node:path";
import type { SourcePlace } from "../tools/migration/sources/open-source.ts";
import type { Command } from "./measure/child.ts";
import { CLI, type Features, REPOSITORY } from "./measure/tool.ts";
import type { Group } from "./options.ts";
import { MIGRATE_FORMS } from "./peers/duckdb-migrate.ts";
import { SCAN_FORMS } from "./peers/duckdb-scan.ts";
import { BULK_BYTES, LEAF_BYTES, NODE_BYTES, opensslArgs } from "./peers/openssl.ts";
import { UNREAD_PROGRAM } from "./peers/unread-program.ts";
import { CANDIDATES, type Prepared } from "./prepare.ts";
import type { Engine } from "./sources/tables.ts";

/** Something that is run once in every round. */
export interface Program {
  readonly name: string;
  readonly command: Command;
  /** Whether its number is the seconds it took or the bytes per second it printed. */
  readonly reads: "seconds" | "rate";
}

/** What the programs of one size are made from. */
export interface Setting {
  readonly prepared: Prepared;
  readonly example: string;
  readonly features: Features;
  readonly groups: ReadonlySet<Group>;
  readonly workers: number;
  /** False where only the tool itself is run. */
  readonly peers: boolean;
  /** Of DuckDB: installed, and its tables loaded. */
  readonly duckdb: { readonly scan: boolean; readonly migrate: boolean };
  readonly lineBytes: number;
  /** A table for each engine that answers; none where reading is not measured. */
  readonly tables: ReadonlyMap<Engine, SourcePlace>;
}

/** The commands whose start is measured on the example. */
const STARTS: readonly (readonly string[])[] = [
  ["dry-run"],
  ["migrate"],
  ["scan-all"],
  ["scan-pii"],
  ["scan-drift"],
  ["verify-checksums"],
  ["registry", "check"],
  ["report"],
];

/** All programs of a size, ours beside the peers they are compared with. */
export function programsOf(setting: Setting): readonly Program[] {
  const { groups } = setting;
  return [
    ...(setting.peers && (groups.has("verify") || groups.has("scrub")) ? hashPrograms(setting) : []),
    ...(groups.has("verify") ? verifyPrograms(setting) : []),
    ...(groups.has("scrub") ? scrubPrograms(setting) : []),
    ...(groups.has("scan") ? scanPrograms(setting) : []),
    ...(groups.has("migrate") ? migratePrograms(setting) : []),
    ...(groups.has("diff") ? diffPrograms(setting) : []),
    ...[...setting.tables].flatMap(([engine, place]) => sourcePrograms(setting, engine, place)),
  ];
}

/** One program for each command, on the example. */
export function startPrograms(setting: Setting): readonly Program[] {
  return STARTS.map((words) =>
    program(`start ${words.join(" ")}`, {
      ...node(setting, [CLI, ...words, "--quiet", "--root", setting.example]),
      // The example has warnings and findings of its own; only its time counts here.
      accepts: [16],
    }),
  );
}

function hashPrograms(setting: Setting): readonly Program[] {
  const { workers, lineBytes } = setting;
  const speed = (name: string, bytes: number, processes: number): Program => ({
    name,
    reads: "rate",
    command: { ...node(setting, []), file: "openssl", args: opensslArgs(bytes, processes) },
  });
  return [
    speed("openssl line", Math.round(lineBytes), 1),
    speed("openssl leaf", LEAF_BYTES, 1),
    speed("openssl node", NODE_BYTES, 1),
    speed("openssl bulk", BULK_BYTES, workers),
    ...(workers > 1 ? [speed("openssl bulk 1", BULK_BYTES, 1)] : []),
  ];
}

function verifyPrograms(setting: Setting): readonly Program[] {
  return onWorkers(setting, "verify", ["verify-checksums", "--input", CANDIDATES.plain]);
}

function scrubPrograms(setting: Setting): readonly Program[] {
  if (!setting.features.scrub) return [];
  return onWorkers(setting, "scrub", ["verify-checksums", "--level", "scrub", "--input", CANDIDATES.plain]);
}

function scanPrograms(setting: Setting): readonly Program[] {
  const forms = setting.duckdb.scan ? SCAN_FORMS : [];
  return [
    ...onWorkers(setting, "scan", ["scan-all", "--input", CANDIDATES.plain]),
    ...forms.map((form) => duckdb(setting, "scan", form)),
    ...naive(setting, "scan"),
  ];
}

function migratePrograms(setting: Setting): readonly Program[] {
  const forms = setting.duckdb.migrate ? MIGRATE_FORMS : [];
  const unread = join(UNREAD_PROGRAM, "unread-child.js");
  return [
    tool(setting, "dry-run", ["dry-run", ...workersFlag(setting, "dry-run")]),
    tool(setting, "migrate", ["migrate", ...workersFlag(setting, "migrate")]),
    program("migrate no-read-back", node(setting, [unread, setting.prepared.dir, String(setting.workers)])),
    ...forms.map((form) => duckdb(setting, "migrate", form)),
    ...forms.map((form) => duckdb(setting, "migrate-preloaded", form)),
    ...naive(setting, "migrate"),
  ];
}

function diffPrograms(setting: Setting): readonly Program[] {
  if (!setting.features.diff) return [];
  const places = [CANDIDATES.plain, CANDIDATES.altered].map((place) => join(setting.prepared.dir, place));
  const { command } = tool(setting, "diff", ["diff", ...places]);
  return [program("diff", { ...command, accepts: [16] }), tool(setting, "help", ["--help"])];
}

/** A table read as a migration does, and as the driver of its engine does it best. */
function sourcePrograms(setting: Setting, engine: Engine, place: SourcePlace): readonly Program[] {
  const child = join(REPOSITORY, "build/bench/sources/read-child.js");
  const args = [JSON.stringify(place), String(setting.prepared.size)];
  return [
    program(`read ${engine}`, node(setting, [child, "ours", ...args])),
    ...(setting.peers ? [program(`driver ${engine}`, node(setting, [child, "driver", ...args]))] : []),
  ];
}

/** A verb on all workers, and on one where the verb can choose. */
function onWorkers(setting: Setting, name: string, args: readonly string[]): readonly Program[] {
  const flag = workersFlag(setting, args[0] ?? "");
  const all = tool(setting, name, [...args, ...flag]);
  if (flag.length === 0 || setting.workers === 1) return [all];
  return [all, tool(setting, `${name} 1`, [...args, "--workers", "1"])];
}

function workersFlag({ features, workers }: Setting, verb: string): readonly string[] {
  return features.workers.includes(verb) ? ["--workers", String(workers)] : [];
}

function tool(setting: Setting, name: string, args: readonly string[]): Program {
  const flags = args.includes("--help") ? [] : ["--quiet", "--root", setting.prepared.dir];
  return program(name, node(setting, [CLI, ...args, ...flags]));
}

function duckdb(setting: Setting, work: string, form: string): Program {
  const { dir, shape, size } = setting.prepared;
  const child = join(REPOSITORY, "build/bench/peers/duckdb-child.js");
  const args = [child, work, form, dir, shape, String(size), String(setting.workers)];
  return program(`duckdb ${work} ${form}`, node(setting, args));
}

function naive(setting: Setting, work: string): readonly Program[] {
  if (!setting.peers) return [];
  const { dir, shape, size } = setting.prepared;
  const child = join(REPOSITORY, "build/bench/peers/naive-child.js");
  return [program(`naive ${work}`, node(setting, [child, work, dir, shape, String(size)]))];
}

function program(name: string, command: Command): Program {
  return { name, command, reads: "seconds" };
}

function node({ prepared }: Setting, args: readonly string[]): Command {
  return { file: process.execPath, args, cwd: prepared.dir, scratch: join(prepared.dir, "generated/peak.txt") };
}
