import { stringifyChecked } from "../integrity/canonical.ts";
import { type Check, type Finding, type FindingSink, finding } from "../model/finding.ts";
import { FINDING_CODES, isWaivable } from "../model/finding-codes.ts";
import type { JsonObject } from "../model/json.ts";
import type { Waiver } from "../model/waiver.ts";

/** Findings by severity; waived ones are counted apart. */
export interface Count {
  readonly blockers: number;
  readonly warnings: number;
  readonly infos: number;
  readonly waived: number;
}

/** What a run found, in numbers. */
export interface Totals {
  readonly totalBlockers: number;
  readonly totalWarnings: number;
  readonly totalInfos: number;
  readonly totalWaived: number;
  readonly byCheck: Readonly<Record<string, Count>>;
  readonly byModule: Readonly<Record<string, Readonly<Record<string, Count>>>>;
  readonly byCode: Readonly<Record<string, number>>;
}

/** How findings are judged and where they go. */
export interface BookOptions {
  readonly waivers: readonly Waiver[];
  /** `YYYY-MM-DD`, to tell expired waivers. */
  readonly today: string;
  /** Checks of this run: a waiver of another check cannot be called unused. */
  readonly checks: ReadonlySet<Check>;
  /** Modules of this run; undefined means all. */
  readonly modules?: ReadonlySet<string>;
  readonly write: (line: string) => void;
}

/** Findings shown to a person; the report has them all. */
export const SHOWN_FINDINGS = 20;

/** Takes every finding of a run: judges waivers, writes the line, counts. Flat memory. */
export class FindingBook {
  readonly sink: FindingSink;
  readonly #options: BookOptions;
  readonly #used = new Set<Waiver>();
  readonly #checks = new Map<string, Count>();
  readonly #modules = new Map<string, Map<string, Count>>();
  readonly #codes = new Map<string, number>();
  readonly #shown: Finding[] = [];
  #total: Count = NONE;

  constructor(options: BookOptions) {
    this.#options = options;
    this.sink = (found) => this.#take(found);
  }

  /** Blockers so far that no waiver covers. */
  get blockers(): number {
    return this.#total.blockers;
  }

  /** The first findings, worst to be shown first by the printer. */
  get shown(): readonly Finding[] {
    return this.#shown;
  }

  /** Adds what is to be said of the waivers themselves and gives the totals. */
  close(): Totals {
    for (const waiver of this.#options.waivers) this.#judgeWaiver(waiver);
    const { blockers, warnings, infos, waived } = this.#total;
    return {
      totalBlockers: blockers,
      totalWarnings: warnings,
      totalInfos: infos,
      totalWaived: waived,
      byCheck: Object.fromEntries(this.#checks),
      byModule: Object.fromEntries([...this.#modules].map(([name, counts]) => [name, Object.fromEntries(counts)])),
      byCode: Object.fromEntries(this.#codes),
    };
  }

  #take(found: Finding): void {
    const waiver = this.#options.waivers.find((one) => this.#covers(one, found));
    if (waiver !== undefined) this.#used.add(waiver);
    const note =
      waiver === undefined ? {} : { waived: { expires: waiver.expires, owner: waiver.owner, reason: waiver.reason } };
    this.#options.write(stringifyChecked({ ...(found as unknown as JsonObject), ...note }));
    const add = (count: Count | undefined): Count => increased(count ?? NONE, found, waiver !== undefined);
    this.#total = add(this.#total);
    this.#checks.set(found.check, add(this.#checks.get(found.check)));
    this.#codes.set(found.code, (this.#codes.get(found.code) ?? 0) + 1);
    if (found.module !== undefined) {
      const counts = this.#modules.get(found.module) ?? new Map<string, Count>();
      counts.set(found.check, add(counts.get(found.check)));
      this.#modules.set(found.module, counts);
    }
    if (waiver === undefined && this.#shown.length < SHOWN_FINDINGS) this.#shown.push(found);
  }

  #covers(waiver: Waiver, found: Finding): boolean {
    if (waiver.code !== found.code || !isWaivable(found.code)) return false;
    if (waiver.expires < this.#options.today) return false;
    if (waiver.module !== undefined && waiver.module !== found.module) return false;
    if (waiver.id === undefined) return true;
    return matches(waiver.id, found.id) || matches(waiver.id, found.legacyId);
  }

  #judgeWaiver(waiver: Waiver): void {
    const check = FINDING_CODES[waiver.code].check;
    const inScope =
      this.#options.checks.has(check) &&
      (waiver.module === undefined || (this.#options.modules?.has(waiver.module) ?? true));
    const place = {
      ...(waiver.module === undefined ? {} : { module: waiver.module }),
      file: "migration/waivers.json",
      rule: waiver.code,
    };
    if (waiver.expires < this.#options.today) {
      this.#take(finding("WAIVER_EXPIRED", { ...place, expected: "a date to come", got: waiver.expires }));
    } else if (!isWaivable(waiver.code)) {
      this.#take(finding("WAIVER_UNUSED", { ...place, got: `${waiver.code} cannot be waived` }));
    } else if (inScope && !this.#used.has(waiver)) this.#take(finding("WAIVER_UNUSED", place));
  }
}

const NONE: Count = { blockers: 0, warnings: 0, infos: 0, waived: 0 };

function increased(count: Count, found: Finding, waived: boolean): Count {
  if (waived) return { ...count, waived: count.waived + 1 };
  if (found.severity === "BLOCKER") return { ...count, blockers: count.blockers + 1 };
  if (found.severity === "WARNING") return { ...count, warnings: count.warnings + 1 };
  return { ...count, infos: count.infos + 1 };
}

function matches(pattern: string, id: string | undefined): boolean {
  if (id === undefined) return false;
  return pattern.endsWith("*") ? id.startsWith(pattern.slice(0, -1)) : id === pattern;
}
