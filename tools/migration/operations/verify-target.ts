import { type CandidateIndex, openModule } from "../checks/candidate-index.ts";
import { DigestCursor } from "../checks/digest-cursor.ts";
import { EntityCursor } from "../checks/entity-cursor.ts";
import { canonicalize } from "../integrity/canonical.ts";
import { CompactRange } from "../integrity/compact-range.ts";
import { entityLine, leafHash, sha256Hex } from "../integrity/digest.ts";
import { type TypeReader, typeReader } from "../mapping/canonical-types.ts";
import { FAILED } from "../mapping/transforms.ts";
import { MigrationError } from "../model/errors.ts";
import { type Check, type FindingSink, finding } from "../model/finding.ts";
import type { JsonValue } from "../model/json.ts";
import { printableKey } from "../model/printable.ts";
import { openSource } from "../sources/open-source.ts";
import type { Source } from "../sources/source.ts";
import type { TargetPlace } from "../targets/open-target.ts";
import type { TablePlan } from "../targets/table-plan.ts";
import { changedFields } from "./changed-fields.ts";
import { type Context, turn, untilCancelled } from "./context.ts";
import { type LoadPlan, planLoad, type TargetOptions } from "./load-plan.ts";
import { type ModuleSummary, type Outcome, Report } from "./report.ts";
import { subjects } from "./run-subjects.ts";

/** How a target is verified. */
export interface VerifyTargetOptions extends TargetOptions {
  readonly runId: string;
}

const CHECKS: ReadonlySet<Check> = new Set<Check>(["target"]);
/** Changed rows of a table whose fields are named: each costs a search in data.jsonl. */
const FIELDS_NAMED = 100;

/**
 * Reads a target back, makes entities of its rows, and finds the roots of the candidate or names every row that is not
 * as the candidate has it. Read-only, in one snapshot, in flat memory.
 */
export async function verifyTarget(context: Context, options: VerifyTargetOptions): Promise<Outcome> {
  const plan = planLoad(context, options);
  const wanted = plan.tables.map(({ table }) => ({ name: table.name, query: undefined, key: ["id"] }));
  const source = await openSource(plan.place, context.root, wanted);
  const report = new Report(context, {
    command: "verify-target",
    runId: options.runId,
    waivers: plan.project.waivers,
    checks: CHECKS,
    modules: new Set(wanted.map(({ name }) => name)),
  });
  try {
    const modules: Record<string, ModuleSummary> = {};
    for (const { table } of plan.tables) {
      modules[table.name] = await verifyTable(context, plan, { table, source, sink: report.book.sink });
    }
    await source.assertUnchanged();
    context.progress.end();
    const { run } = plan.candidate;
    return report.publish({ root: run.root, modules, subjects: subjects(run), level: "target" });
  } catch (error) {
    report.discard();
    throw error;
  } finally {
    await source.close();
  }
}

interface Reading {
  readonly table: TablePlan;
  readonly source: Source;
  readonly sink: FindingSink;
}

async function verifyTable(context: Context, plan: LoadPlan, reading: Reading): Promise<ModuleSummary> {
  const { table, source, sink } = reading;
  const { merkle, chunks } = openModule(plan.candidate, table.name);
  context.progress.stage(`read ${table.name}`, merkle.size);
  const readEntity = entityReader(plan.place, table);
  const tree = new CompactRange();
  const cursor = new DigestCursor(plan.candidate, table.name, chunks);
  const comparison = new Comparison(plan.candidate, table.name, cursor, sink);
  let read = 0;
  try {
    for await (const rows of untilCancelled(context, source.read(table.name))) {
      for (const row of rows) {
        const { id, line } = readEntity(row);
        const sha256 = line === undefined ? "" : sha256Hex(line);
        comparison.take(id, sha256, line);
        tree.append(leafHash(entityLine(id, sha256)));
      }
      read += rows.length;
      context.progress.advance(rows.length);
      await turn(context);
    }
    comparison.finish();
  } finally {
    comparison.close();
  }
  return { read, size: read, root: tree.root().toString("hex") };
}

/** Holds rows, ascending by id, to the digests of the candidate. */
class Comparison {
  readonly #module: string;
  readonly #cursor: DigestCursor;
  readonly #entities: EntityCursor;
  readonly #sink: FindingSink;
  #named = 0;

  constructor(candidate: CandidateIndex, module: string, cursor: DigestCursor, sink: FindingSink) {
    this.#module = module;
    this.#cursor = cursor;
    this.#entities = new EntityCursor(candidate, module);
    this.#sink = sink;
  }

  take(id: string, sha256: string, line: string | undefined): void {
    while (!this.#cursor.done && this.#cursor.place.id < id) this.#miss();
    const place = this.#cursor.done ? undefined : this.#cursor.place;
    if (place?.id !== id) {
      this.#sink(finding("TARGET_EXTRA", { module: this.#module, id }));
      return;
    }
    if (place.sha256 !== sha256) {
      const isNamed = line !== undefined && this.#named < FIELDS_NAMED;
      if (isNamed) this.#named += 1;
      const fields = isNamed ? changedFields(this.#entities.lineOf(place), line).map(printableKey) : [];
      this.#sink(
        finding("TARGET_CHANGED", {
          module: this.#module,
          id,
          ...(fields.length === 0 ? {} : { field: fields.join(", ") }),
          ...(line === undefined ? { got: "a value that is none of its column" } : {}),
        }),
      );
    }
    this.#cursor.advance();
  }

  /** What is left in the candidate has no row. */
  finish(): void {
    while (!this.#cursor.done) this.#miss();
  }

  close(): void {
    this.#cursor.close();
    this.#entities.close();
  }

  #miss(): void {
    this.#sink(finding("TARGET_MISSING", { module: this.#module, id: this.#cursor.place.id }));
    this.#cursor.advance();
  }
}

/** A row as the entity it was made of; no line where a value cannot have come from one. */
interface ReadEntity {
  readonly id: string;
  readonly line: string | undefined;
}

function entityReader(place: TargetPlace, table: TablePlan): (row: unknown) => ReadEntity {
  const readers = new Map(table.columns.map(({ name, type }) => [name, cellReader(place, type)] as const));
  return (row) => {
    const entity: Record<string, JsonValue> = {};
    let isWhole = true;
    for (const [name, cell] of Object.entries(Object(row))) {
      const read = readers.get(name);
      if (read === undefined) throw unknownColumn(table, name);
      if (cell === null) continue;
      const value = read(cell);
      if (value === FAILED) isWhole = false;
      else Object.defineProperty(entity, name, { value, configurable: true, enumerable: true, writable: true });
    }
    return { id: String(entity["id"]), line: isWhole ? canonicalize(entity) : undefined };
  };
}

function cellReader({ kind }: TargetPlace, type: string): TypeReader {
  if (kind === "mysql" && type === "timestamptz") {
    // DATETIME has no zone; what was put there is in UTC.
    const read = typeReader("timestamp", "cells");
    return (cell) => {
      const value = read(cell);
      return typeof value === "string" ? `${value}Z` : value;
    };
  }
  return typeReader(type, "cells");
}

function unknownColumn(table: TablePlan, column: string): MigrationError {
  return new MigrationError("TARGET_INVALID", {
    message: `The table ${table.name} of the target has a column ${JSON.stringify(column)} that its schema does not have.`,
    remedy: "Take the column away, or load into a table of its own.",
  });
}
