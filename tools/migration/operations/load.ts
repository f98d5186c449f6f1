import { join } from "node:path";
import { type CandidateIndex, notAsBuilt, openModule } from "../checks/candidate-index.ts";
import { RandomReader } from "../files/random-reader.ts";
import type { ChunkRecord } from "../integrity/chunks.ts";
import { sha256Hex } from "../integrity/digest.ts";
import { MigrationError } from "../model/errors.ts";
import { DATA_NAME } from "../stores/module-files.ts";
import { type Cell, type RowResult, rowWriter } from "../targets/cells.ts";
import { tableProblems } from "../targets/column-types.ts";
import { openTarget } from "../targets/open-target.ts";
import type { TablePlan } from "../targets/table-plan.ts";
import type { Target } from "../targets/target.ts";
import { type Context, turn } from "./context.ts";
import { type LoadPlan, planLoad, type TargetOptions } from "./load-plan.ts";

/** How a candidate is loaded. */
export interface LoadOptions extends TargetOptions {
  /** True to take away the rows of tables that hold some already. */
  readonly replace: boolean;
}

/** What was loaded. */
export interface LoadResult {
  /** Run root of the candidate. */
  readonly root: string;
  /** The target without a password. */
  readonly target: string;
  readonly tables: readonly { readonly name: string; readonly rows: number; readonly made: boolean }[];
}

const ROWS_AT_A_TIME = 1000;
const LF = 10;

/**
 * Loads a candidate into tables made from its schemas, all rows in one transaction: they are all there, or none is. Bytes
 * are held to the chunk digests while they are read.
 */
export async function load(context: Context, options: LoadOptions): Promise<LoadResult> {
  const plan = planLoad(context, options);
  const target = await openTarget(plan.place, context.root);
  try {
    const tables = plan.tables.map(({ table }) => table);
    const missing = await prepare(target, tables, options.replace);
    await target.begin(missing);
    if (options.replace) for (const table of [...tables].reverse()) await target.clear(table);
    const loaded: { name: string; rows: number; made: boolean }[] = [];
    for (const table of tables) {
      const rows = await loadTable(context, plan, table, target);
      loaded.push({ name: table.name, rows, made: missing.includes(table) });
    }
    await target.commit();
    context.progress.end();
    return { root: plan.candidate.run.root, target: target.label, tables: loaded };
  } finally {
    await target.close();
  }
}

/** The tables that have to be made; refuses what would be mixed with other content. */
async function prepare(target: Target, tables: readonly TablePlan[], replace: boolean): Promise<readonly TablePlan[]> {
  const problems = tables.flatMap((table) => tableProblems(target.kind, table));
  const full: string[] = [];
  const missing: TablePlan[] = [];
  for (const table of tables) {
    const { columns, isEmpty } = await target.lookAt(table.name);
    if (columns === undefined) missing.push(table);
    else if (columns.join("\0") !== table.columns.map(({ name }) => name).join("\0")) {
      problems.push(`${table.name}: expected no table, or one with the columns of the schema, got another`);
    } else if (!isEmpty) full.push(`${table.name}: expected no rows, got some`);
  }
  if (problems.length > 0) {
    throw new MigrationError("TARGET_INVALID", {
      message: `The target ${target.label} cannot take the candidate; nothing was changed.`,
      problems,
      remedy: "Name another database or schema, or take away what is in the way.",
    });
  }
  if (full.length === 0 || replace) return missing;
  throw new MigrationError("TARGET_EXISTS", {
    message: `The target ${target.label} has rows already; nothing was changed.`,
    problems: full,
    remedy: "`candor verify-target` says whether they are those of the candidate; --replace takes them away first.",
  });
}

async function loadTable(context: Context, { candidate }: LoadPlan, table: TablePlan, target: Target): Promise<number> {
  const { merkle, chunks } = openModule(candidate, table.name);
  context.progress.stage(`load ${table.name}`, merkle.size);
  const toRow = rowWriter(target.kind, table);
  const file = `${table.name}/${DATA_NAME}`;
  const reader = new RandomReader(join(candidate.input, file), file);
  let rows: (readonly Cell[])[] = [];
  const send = async (): Promise<void> => {
    if (rows.length > 0) await target.write(table, rows);
    context.progress.advance(rows.length);
    rows = [];
    await turn(context);
  };
  try {
    for (const chunk of chunks) {
      for (const line of linesOf(reader, chunk, candidate, file)) {
        const entity = JSON.parse(line.toString("utf8"));
        rows.push(rowOf(toRow(entity), table, entity.id));
        if (rows.length >= ROWS_AT_A_TIME) await send();
      }
    }
    await send();
    await target.finish(table);
    return merkle.size;
  } finally {
    reader.close();
  }
}

/** The lines of a chunk, which has its digest. */
function* linesOf(
  reader: RandomReader,
  { data }: ChunkRecord,
  candidate: CandidateIndex,
  file: string,
): Generator<Buffer> {
  const bytes = reader.read(data.offset, data.bytes);
  if (sha256Hex(bytes) !== data.sha256) throw notAsBuilt(candidate.label, `${file} has bytes without their digest`);
  for (let begin = 0; begin < bytes.length; ) {
    const end = bytes.indexOf(LF, begin);
    yield bytes.subarray(begin, end);
    begin = end + 1;
  }
}

function rowOf(result: RowResult, table: TablePlan, id: string): readonly Cell[] {
  if ("row" in result) return result.row;
  throw new MigrationError("VALUE_INVALID", {
    message: `Loading ${table.name} ${id}: the field ${result.field} has a value, and ${result.problem}; nothing was changed.`,
    remedy: "Declare the field as string in module.json and build anew, or mend the value in the source.",
  });
}
