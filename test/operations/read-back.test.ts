import { closeSync, mkdirSync, openSync, readFileSync, readSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { CompactRange } from "../../tools/migration/integrity/compact-range.ts";
import { entityLine, leafHash, sha256Hex } from "../../tools/migration/integrity/digest.ts";
import { uuidText } from "../../tools/migration/integrity/uuid-words.ts";
import { type BuildSetup, createBuildHandler } from "../../tools/migration/operations/build-tasks.ts";
import { MAP_CHECKS } from "../../tools/migration/operations/map-modules.ts";
import { readBack, type WrittenModule } from "../../tools/migration/operations/read-back.ts";
import { type Tuning, tuned } from "../../tools/migration/operations/tuning.ts";
import { WorkerPool } from "../../tools/migration/pool/worker-pool.ts";
import { piecesOf } from "../../tools/migration/ranges/pieces.ts";
import { allocateLineMemory, Spill } from "../../tools/migration/ranges/spill.ts";
import { writePartitions } from "../../tools/migration/ranges/write-partition.ts";
import { moduleFiles } from "../../tools/migration/stores/module-files.ts";
import { contextOf } from "../helpers/operations.ts";

const SIZE = 40_000;
const PARTITIONS = 8;
const lines = Array.from({ length: SIZE }, (_, at) => ({ words: Uint32Array.of(at, 0, 0, 1), text: `{"n":${at}}` }));

/** A module as the workers leave it, with half of its partitions in each task. */
function write(path: string): WrittenModule {
  const files = moduleFiles(path, "m");
  mkdirSync(files.checksums, { recursive: true });
  for (const file of [files.data, files.entities]) closeSync(openSync(file, "w"));
  const bounds = Uint32Array.from({ length: PARTITIONS - 1 }, (_, at) => (SIZE / PARTITIONS) * (at + 1));
  const spill = new Spill({ path: join(path, "spill"), bounds, memory: allocateLineMemory(100_000) });
  for (const { words, text } of lines) {
    const at = spill.reserve(words[0] ?? 0, text.length);
    spill.commit(words, spill.bytes.write(text, at, "latin1"));
  }
  const { counts, dataBytes, pieces } = spill.finish();
  let [index, dataOffset] = [0, 0];
  const tasks = [...counts].map((count, at) => {
    const place = { data: files.data, entities: files.entities, index, dataOffset };
    index += count;
    dataOffset += dataBytes[at] ?? 0;
    return { ...place, count, dataBytes: dataBytes[at] ?? 0, pieces: piecesOf([pieces], at) };
  });
  const runs = [tasks.slice(0, PARTITIONS / 2), tasks.slice(PARTITIONS / 2)].map((group) => {
    const written = writePartitions(group, () => {});
    if (!written.clean) throw new Error("not clean");
    return written;
  });
  return { name: "m", path, files, size: index, dataBytes: dataOffset, runs };
}

async function rootOf(module: WrittenModule, tuning: Partial<Tuning> = {}): Promise<string | undefined> {
  const context = contextOf(module.path);
  const setup: BuildSetup = { modules: [], phoneRegions: [], checks: MAP_CHECKS };
  const pool = new WorkerPool({
    workers: 0,
    entry: new URL("file:///nowhere"),
    createHandler: createBuildHandler,
    setup,
    signal: context.signal,
  });
  try {
    const built = await readBack({ pool, context, tuning: tuned(tuning) }, [module]);
    return built.get("m")?.merkle.root;
  } finally {
    await pool.close();
  }
}

const tree = new CompactRange();
for (const { words, text } of lines) tree.append(leafHash(entityLine(uuidText(words), sha256Hex(text))));
const root = tree.root().toString("hex");

t.test("what is read back has the root of what was mapped", async (t) => {
  const module = write(t.testdir({}));
  t.ok(module.runs.every(({ chunks }) => chunks.length > 0));
  t.ok((module.runs[1]?.begin.index ?? 0) > (module.runs[0]?.end.index ?? 0), "there is a seam");
  t.equal(await rootOf(module), root);
  t.equal(readFileSync(module.files.chunks, "utf8").includes('"count"'), true);
});

function flip(path: string, at: number): void {
  const file = openSync(path, "r+");
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, at);
  byte[0] = (byte[0] ?? 0) ^ 1;
  writeSync(file, byte, 0, 1, at);
  closeSync(file);
}

t.test("a bit that changed on the disk, in a run or a seam, is READ_BACK", async (t) => {
  const module = write(t.testdir({}));
  const [first, second] = module.runs;
  const places = [0, first?.end.index ?? 0, (second?.begin.index ?? 0) - 1, second?.begin.index ?? 0, SIZE - 1];
  for (const place of places) {
    for (const [file, line] of [
      [module.files.data, 10],
      [module.files.entities, 122],
    ] as const) {
      const at = file === module.files.data ? offsetOf(place) : line * place + 60;
      flip(file, at);
      await t.rejects(rootOf(module), { code: "READ_BACK" }, `entity ${place} of ${file.slice(-13)}`);
      flip(file, at);
    }
  }
});

function offsetOf(entity: number): number {
  return lines.slice(0, entity).reduce((sum, { text }) => sum + text.length + 1, 3);
}

t.test("a file that is shorter than what was written is READ_BACK", async (t) => {
  for (const which of ["data", "entities"] as const) {
    const module = write(t.testdir({}));
    truncateSync(module.files[which], 1000);
    await t.rejects(rootOf(module), { code: "READ_BACK" });
  }
});

t.test("where nothing is read back, chunks that nobody has seen whole still are", async (t) => {
  const module = write(t.testdir({}));
  flip(module.files.data, 3);
  t.equal(await rootOf(module, { readBack: false }), root, "the first run is not looked at");
});
