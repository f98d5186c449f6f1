import { closeSync, mkdirSync, openSync } from "node:fs";
import { rm } from "node:fs/promises";
import { piecesOf } from "../ranges/pieces.ts";
import type { SpillResult } from "../ranges/spill.ts";
import type { PartitionTask } from "../ranges/write-partition.ts";
import { moduleFiles } from "../stores/module-files.ts";
import type { BuildTask } from "./build-tasks.ts";
import { EarlySync } from "./early-sync.ts";
import { type FastMapped, type FastRun, fastMap } from "./fast-map.ts";
import { type BuiltModule, spillFolder } from "./module-builder.ts";
import { readBack, type WrittenModule } from "./read-back.ts";
import { groupsOf } from "./work-groups.ts";

/** A candidate whose modules were written and read back on all cores. */
export interface FastBuilt extends FastMapped {
  readonly built: ReadonlyMap<string, BuiltModule>;
}

/** The files of one module while they are written. */
interface Work extends WrittenModule {
  readonly spills: readonly SpillResult[];
  /** Adjoining partitions, which one worker writes one after the other. */
  readonly groups: readonly (readonly Partition[])[];
}

/** A partition that holds lines; where these lie is put together when its task is given away. */
interface Partition extends Omit<PartitionTask, "pieces"> {
  readonly number: number;
}

/** Builds the modules of a candidate in `path`; undefined where anything is for the authority to say. */
export async function fastBuild(run: FastRun, path: string): Promise<FastBuilt | undefined> {
  const spillDir = spillFolder(path);
  mkdirSync(spillDir, { recursive: true });
  const mapped = await fastMap(run, spillDir);
  if (mapped === undefined) return undefined;
  const { project, workers, tuning } = run;
  const works = project.modules.map(({ name }, at) => {
    const group = (partitions: readonly Partition[]): Partition[][] =>
      groupsOf(partitions, tuning.partitionsPerTask, at === project.modules.length - 1 ? workers : undefined);
    return planModule(path, name, mapped.spills.get(name) ?? [], group);
  });
  if (!(await writeModules(run, works))) return undefined;
  const built = await beside(readBack(run, works), rm(spillDir, { recursive: true, force: true }));
  return { ...mapped, built };
}

/** Waits for both, also where one fails: whoever removes the build must find nobody at work there. */
async function beside<T>(work: Promise<T>, removal: Promise<void>): Promise<T> {
  const [done, removed] = await Promise.allSettled([work, removal]);
  if (done.status === "rejected") throw done.reason;
  if (removed.status === "rejected") throw removed.reason;
  return done.value;
}

function planModule(
  path: string,
  name: string,
  spills: readonly SpillResult[],
  group: (partitions: readonly Partition[]) => Partition[][],
): Work {
  const files = moduleFiles(path, name);
  mkdirSync(files.checksums, { recursive: true });
  for (const file of [files.data, files.entities]) closeSync(openSync(file, "wx", 0o600));
  const partitions: Partition[] = [];
  let [index, dataOffset] = [0, 0];
  for (let at = 0; at < (spills[0]?.counts.length ?? 0); at += 1) {
    const count = spills.reduce((sum, spill) => sum + (spill.counts[at] ?? 0), 0);
    const dataBytes = spills.reduce((sum, spill) => sum + (spill.dataBytes[at] ?? 0), 0);
    if (count > 0)
      partitions.push({ number: at, count, dataBytes, index, dataOffset, data: files.data, entities: files.entities });
    index += count;
    dataOffset += dataBytes;
  }
  const groups = group(partitions);
  return { name, path, files, spills, groups, size: index, dataBytes: dataOffset, runs: [] };
}

/** Writes the partitions, each to its place; true once all files are durable. */
async function writeModules(run: FastRun, works: readonly Work[]): Promise<boolean> {
  const results = run.pool.run(tasksOf(works));
  const syncs = await EarlySync.create();
  try {
    for (const work of works) {
      run.context.progress.stage(`write ${work.name}`, work.size);
      for (const group of work.groups) {
        const result = (await results.next()).value;
        if (result?.kind !== "partitions" || !result.written.clean) return false;
        work.runs.push(result.written);
        run.context.progress.advance(group.reduce((sum, { count }) => sum + count, 0));
        syncs.sync(work.files.data);
        syncs.sync(work.files.entities);
      }
      // Also where there was nothing to write.
      syncs.sync(work.files.data);
      syncs.sync(work.files.entities);
    }
    await results.next();
    await syncs.finish();
    return true;
  } finally {
    await syncs.close();
  }
}

function* tasksOf(works: readonly Work[]): Generator<BuildTask> {
  for (const { groups, spills } of works) {
    const pieces = spills.map((spill) => spill.pieces);
    for (const group of groups) {
      const partitions = group.map(({ number, ...rest }) => ({ ...rest, pieces: piecesOf(pieces, number) }));
      yield { kind: "partitions", partitions };
    }
  }
}
