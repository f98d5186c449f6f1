import { join } from "node:path";
import { PROJECT } from "../config/paths.ts";
import { stringifyChecked } from "../integrity/canonical.ts";
import type { Check, Finding } from "../model/finding.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import type { Waiver } from "../model/waiver.ts";
import { ReportFolder } from "../stores/report-folder.ts";
import type { Context } from "./context.ts";
import { FindingBook, type Totals } from "./finding-book.ts";

/** What one module contributed to a run. */
export interface ModuleSummary {
  readonly read?: number;
  readonly written?: number;
  readonly rejected?: number;
  readonly size?: number;
  readonly root?: string;
}

/** The content of summary.json: no clock, no host, the same for any number of workers. */
export interface Summary extends Totals {
  readonly format: "candor-summary/1";
  readonly command: string;
  readonly runId: string;
  /** How much was looked at (FORMATS.md, section 8). */
  readonly level?: string;
  /** Run root of the candidate that the summary speaks of, where there is one. */
  readonly root?: string;
  readonly modules: Readonly<Record<string, ModuleSummary>>;
  /** Parts that could not be read; the verdict is then incomplete. */
  readonly unverified: readonly string[];
}

/** The end of a run: its summary, the first findings, and where the rest is. */
export interface Outcome {
  readonly summary: Summary;
  readonly shown: readonly Finding[];
  /** Folder of the report, relative to the project. */
  readonly report: string;
}

/** What a report is opened with. */
export interface ReportOptions {
  readonly command: string;
  readonly runId: string;
  readonly waivers: readonly Waiver[];
  readonly checks: ReadonlySet<Check>;
  readonly modules?: ReadonlySet<string>;
}

/** What a run adds to its totals at the end. */
export interface ReportEnd {
  readonly root?: string;
  readonly modules: Readonly<Record<string, ModuleSummary>>;
  readonly unverified?: readonly string[];
  /** Files the verdict is about: path in the candidate to SHA-256. */
  readonly subjects?: Readonly<Record<string, string>>;
  readonly level?: string;
  /** Facts for people that belong to no verdict, e.g. digests of source files. */
  readonly facts?: JsonObject;
}

/** The report of one command while it runs. */
export class Report {
  readonly book: FindingBook;
  readonly #folder: ReportFolder;
  readonly #options: ReportOptions;
  readonly #context: Context;
  readonly #start: string;

  constructor(context: Context, options: ReportOptions) {
    this.#context = context;
    this.#options = options;
    this.#start = context.clock().toISOString();
    this.#folder = new ReportFolder(join(context.root, PROJECT.reports), folderName(options.command));
    this.book = new FindingBook({
      waivers: options.waivers,
      today: this.#start.slice(0, 10),
      checks: options.checks,
      ...(options.modules === undefined ? {} : { modules: options.modules }),
      write: (line) => this.#folder.addLine(line),
    });
  }

  /** Writes summary.json and statement.json and shows the report. */
  publish(end: ReportEnd): Outcome {
    const { command, runId } = this.#options;
    const summary: Summary = {
      format: "candor-summary/1",
      command,
      runId,
      ...(end.level === undefined ? {} : { level: end.level }),
      ...(end.root === undefined ? {} : { root: end.root }),
      modules: end.modules,
      unverified: end.unverified ?? [],
      ...this.book.close(),
    };
    const facts = end.facts === undefined ? {} : { facts: end.facts };
    this.#folder.publish({
      "summary.json": pretty({ ...(summary as unknown as JsonObject), ...facts }),
      "statement.json": pretty(this.#statement(summary, end)),
    });
    return { summary, shown: this.book.shown, report: `${PROJECT.reports}/latest-${folderName(command)}` };
  }

  /** Gives the report up. */
  discard(): void {
    this.#folder.discard();
  }

  /** An in-toto Statement v1 (FORMATS.md, section 7): the verdict, with its times, about exactly these files. */
  #statement(summary: Summary, end: ReportEnd): JsonObject {
    const { totalBlockers, totalWarnings, totalInfos, totalWaived } = summary;
    const predicate: Record<string, JsonValue> = {
      command: summary.command,
      runId: summary.runId,
      totals: { totalBlockers, totalInfos, totalWaived, totalWarnings },
      complete: summary.unverified.length === 0,
      start: this.#start,
      end: this.#context.clock().toISOString(),
    };
    if (summary.root !== undefined) predicate["runRoot"] = summary.root;
    if (end.level !== undefined) predicate["level"] = end.level;
    return {
      _type: "https://in-toto.io/Statement/v1",
      subject: Object.entries(end.subjects ?? {}).map(([name, sha256]) => ({ name, digest: { sha256 } })),
      predicateType: "urn:candor:verdict:1",
      predicate,
    };
  }
}

/** Takes back the report of a command. */
export function removeReport(context: Context, command: string): void {
  new ReportFolder(join(context.root, PROJECT.reports), folderName(command)).discard();
}

/** `scan-all` writes latest-scan; every other command the folder of its own name. */
function folderName(command: string): string {
  return command === "scan-all" ? "scan" : command.replaceAll(" ", "-");
}

/** JSON with sorted keys and two blanks of indent: stable, and readable by a person. */
function pretty(value: JsonObject): string {
  return `${JSON.stringify(JSON.parse(stringifyChecked(value)), undefined, 2)}\n`;
}
