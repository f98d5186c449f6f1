import { hash } from "node:crypto";
import { closeSync, openSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import t from "tap";
import { ChunkCutter, type ChunkRecord } from "../../tools/migration/integrity/chunks.ts";
import { CompactRange } from "../../tools/migration/integrity/compact-range.ts";
import { entityLine, leafHash } from "../../tools/migration/integrity/digest.ts";
import { uuidText } from "../../tools/migration/integrity/uuid-words.ts";
import { piecesOf } from "../../tools/migration/ranges/pieces.ts";
import { allocateLineMemory, Spill, type SpillResult } from "../../tools/migration/ranges/spill.ts";
import {
  type PartitionsResult,
  type PartitionTask,
  writePartitions,
} from "../../tools/migration/ranges/write-partition.ts";

interface Line {
  readonly words: Uint32Array;
  readonly text: string;
}

const word = fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(0, 7, 2 ** 31, 2 ** 32 - 1));
const anyWords = fc.tuple(word, word, word, word).map((words) => Uint32Array.from(words));
const anyText = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", "ß", "\u{1f436}"), maxLength: 30 }),
  fc.integer({ min: 21_000, max: 70_000 }).map((length) => "x".repeat(length)),
);
const anyLines = fc.uniqueArray(fc.record({ words: anyWords, text: anyText }), {
  maxLength: 120,
  selector: ({ words }) => uuidText(words),
});
const anyBounds = fc.uniqueArray(word, { maxLength: 5 }).map((words) => Uint32Array.from(words).sort());

/** For all lines, for some, and for none. */
const anyMemory = fc.oneof(fc.constantFrom(0, 1e9), fc.nat(100_000));

let runs = 0;

function spill(dir: string, lines: readonly Line[], bounds: Uint32Array, memoryBytes = 0): SpillResult {
  runs += 1;
  const memory = allocateLineMemory(memoryBytes);
  const made = new Spill({ path: join(dir, `spill-${runs}`), bounds, memory });
  for (const { words, text } of lines) {
    const at = made.reserve(words[0] ?? 0, 3 * text.length);
    made.commit(words, made.bytes.write(text, at, "utf8"));
  }
  return made.finish();
}

/** Writes all partitions of some spills, some of them per task, the last task first; the two files. */
function writeAll(
  dir: string,
  spills: readonly SpillResult[],
  perTask = 1,
): { results: PartitionsResult[]; data: string; entities: string } {
  const [data, entities] = [join(dir, `data-${runs}`), join(dir, `entities-${runs}`)];
  for (const file of [data, entities]) closeSync(openSync(file, "w"));
  const tasks: PartitionTask[] = [];
  let [index, dataOffset] = [0, 0];
  for (let at = 0; at < (spills[0]?.counts.length ?? 0); at += 1) {
    const count = spills.reduce((sum, { counts }) => sum + (counts[at] ?? 0), 0);
    const dataBytes = spills.reduce((sum, one) => sum + (one.dataBytes[at] ?? 0), 0);
    tasks.push({
      pieces: piecesOf(
        spills.map(({ pieces }) => pieces),
        at,
      ),
      count,
      dataBytes,
      data,
      entities,
      index,
      dataOffset,
    });
    index += count;
    dataOffset += dataBytes;
  }
  const groups = tasks.flatMap((_, at) => (at % perTask === 0 ? [tasks.slice(at, at + perTask)] : []));
  const results = groups.reverse().map((group) => writePartitions(group, () => {}));
  return { results: results.reverse(), data: readFileSync(data, "utf8"), entities: readFileSync(entities, "utf8") };
}

function pathsOf({ pieces }: SpillResult): string[] {
  return pieces.places.filter((place) => typeof place === "string");
}

t.test("lines go to a file only when the memory for them is used up, which all spills share", async (t) => {
  const dir = t.testdir({});
  const lines = Array.from({ length: 100 }, (_, at) => ({
    words: Uint32Array.of(at, 0, 0, 1),
    text: "x".repeat(1000),
  }));
  t.strictSame(pathsOf(spill(dir, lines, new Uint32Array(0), 104_000)), []);
  t.strictSame(readdirSync(dir), [], "no file is made");
  const some = spill(dir, lines, new Uint32Array(0), 70_000);
  t.ok(some.pieces.places.some((place) => typeof place !== "string"));
  t.equal(pathsOf(some).length, 1);
  const memory = allocateLineMemory(70_000);
  const inMemory = [1, 2, 3].map((at) => {
    const made = new Spill({ path: join(dir, `shared-${at}`), bounds: new Uint32Array(0), memory });
    made.reserve(0, 30_000);
    made.commit(Uint32Array.of(0, 0, 0, at), 30_000);
    return pathsOf(made.finish()).length === 0;
  });
  t.strictSame(inMemory, [true, true, false]);
});

function sorted(lines: readonly Line[]): { id: string; text: string; sha256: string }[] {
  return lines
    .map(({ words, text }) => ({ id: uuidText(words), text, sha256: hash("sha256", text) }))
    .sort((left, right) => (left.id < right.id ? -1 : 1));
}

t.test("lines come out of any partitions and spills as an array sorts them", async (t) => {
  const dir = t.testdir({});
  await fc.assert(
    fc.property(anyLines, anyBounds, fc.nat(3), anyMemory, (lines, bounds, files, memory) => {
      const parts = Array.from({ length: files + 1 }, (_, at) =>
        lines.filter((_line, line) => line % (files + 1) === at),
      );
      const written = writeAll(
        dir,
        parts.map((part) => spill(dir, part, bounds, memory)),
      );
      const expected = sorted(lines);
      return (
        written.results.every(({ clean }) => clean) &&
        written.data === expected.map(({ text }) => `${text}\n`).join("") &&
        written.entities === expected.map(({ id, sha256 }) => `{"id":"${id}","sha256":"${sha256}"}\n`).join("")
      );
    }),
    { numRuns: 60 },
  );
});

t.test("many lines whose ids have their first words in common are sorted", async (t) => {
  const dir = t.testdir({});
  const lines = Array.from({ length: 5000 }, (_, at) => {
    const words = Uint32Array.from([at % 3 === 0 ? 7 : 9, at % 2, 0, (at * 2_654_435_761) % 2 ** 32]);
    return { words, text: `line ${at}` };
  });
  const { results, data } = writeAll(dir, [spill(dir, lines, Uint32Array.from([8]))]);
  t.ok(results.every(({ clean }) => clean));
  t.equal(
    data,
    sorted(lines)
      .map(({ text }) => `${text}\n`)
      .join(""),
  );
});

t.test("lines about as long as what is written together, and longer ones, are written among short ones", async (t) => {
  const dir = t.testdir({});
  const around = [-2, -1, 0, 1, 2].map((more) => 512 * 1024 + more);
  const lengths = [
    7,
    ...around,
    0,
    1_300_000,
    1_300_001,
    ...around.map((length) => length - 9),
    8,
    900_000,
    3,
    700_000,
  ];
  const lines = lengths.map((length, at) => ({
    words: Uint32Array.from([(at * 2_654_435_761) % 2 ** 32, 1, 2, 3]),
    text: String.fromCharCode(0x61 + at).repeat(length),
  }));
  for (const order of [lines, [...lines].reverse()]) {
    for (const bounds of [[], [2 ** 30, 2 ** 31]]) {
      const { results, data, entities } = writeAll(dir, [spill(dir, order, Uint32Array.from(bounds))]);
      t.ok(results.every(({ clean }) => clean));
      const expected = sorted(lines);
      t.ok(data === expected.map(({ text }) => `${text}\n`).join(""));
      t.ok(entities === expected.map(({ id, sha256 }) => `${entityLine(id, sha256)}\n`).join(""));
    }
  }
});

t.test("lines that together are about as long as what is written together", async (t) => {
  const dir = t.testdir({});
  for (const more of [-2, -1, 0, 1, 2]) {
    const lengths = [100, 512 * 1024 - 102 + more, 40, 50, 512 * 1024 - 93 + more, 200_000, 324_287 + more];
    const lines = lengths.map((length, at) => ({ words: Uint32Array.of(at, 0, 0, 1), text: `${at}`.repeat(length) }));
    const { results, data } = writeAll(dir, [spill(dir, lines, new Uint32Array(0))]);
    t.ok(results.every(({ clean }) => clean));
    t.ok(data === lines.map(({ text }) => `${text}\n`).join(""), `${more} more`);
  }
});

t.test("lines whose lengths are not those that were told are not clean", async (t) => {
  const dir = t.testdir({});
  const lines = [1, 2, 3].map((at) => ({ words: Uint32Array.of(at, 0, 0, 1), text: `line ${at}` }));
  // Where the lengths are: each head has five words, each line six bytes.
  for (const [at, more] of [
    [0, 1],
    [0, 2 ** 31],
    [26, 26],
    [52, 1],
    [52, -1],
  ] as const) {
    const result = spill(dir, lines, new Uint32Array(0));
    const path = pathsOf(result)[0] ?? "";
    const bytes = readFileSync(path);
    bytes.writeUInt32LE(bytes.readUInt32LE(at) + more, at);
    writeFileSync(path, bytes);
    t.equal(writeAll(dir, [result]).results[0]?.clean, false, `${more} more at ${at}`);
  }
});

t.test(
  "a partition that is too large for the memory of the vectors is not clean, and nothing of it is read",
  async (t) => {
    const [count, dataBytes] = [1000, 2 ** 32];
    const pieces = { places: ["none"], spans: Float64Array.of(0, 0, dataBytes + 19 * count) };
    const task = { pieces, count, dataBytes, data: "none", entities: "none", index: 0, dataOffset: 0 };
    t.strictSame(
      writePartitions([task], () => {}),
      { clean: false },
    );
  },
);

/** The chunks of lines in order, and the leaves of their tree. */
function oracleOf(lines: readonly Line[]): { chunks: ChunkRecord[]; leaves: Buffer[] } {
  const cutter = new ChunkCutter();
  const all = sorted(lines);
  const chunks = [...all.map(({ id, text, sha256 }) => cutter.add(id, sha256, Buffer.from(text))), cutter.end()];
  const leaves = all.map(({ id, sha256 }) => leafHash(entityLine(id, sha256)));
  return { chunks: chunks.filter((chunk) => chunk !== undefined), leaves };
}

t.test(
  "the chunks and the tree of every task are those of the whole, and begin with the first that is sure",
  async (t) => {
    const dir = t.testdir({});
    const lines = Array.from({ length: 60_000 }, (_, at) => ({
      words: Uint32Array.from([at * 1000, 0, 0, 1]),
      text: `n ${at}`,
    }));
    const bounds = Uint32Array.from({ length: 19 }, (_, at) => 3_000_000 * (at + 1));
    const { chunks, leaves } = oracleOf(lines);
    for (const perTask of [1, 3, 7, 20]) {
      const { results } = writeAll(dir, [spill(dir, lines, bounds)], perTask);
      let found = 0;
      for (const [at, result] of results.entries()) {
        if (!result.clean) throw new Error("not clean");
        const from = at * perTask * 3000;
        const to = Math.min(lines.length, from + perTask * 3000);
        const own = chunks.filter(({ index, count }) => index >= from && index + count <= to);
        const sure = at === 0 ? own : own.filter(({ index }) => index > from);
        const last = chunks.at(-1);
        const ended = sure.filter((chunk) => chunk !== last);
        t.strictSame(result.chunks, ended, `chunks of task ${at}`);
        const tree = new CompactRange(result.begin.index);
        for (const leaf of leaves.slice(result.begin.index, result.end.index)) tree.append(leaf);
        t.strictSame(result.subtrees, tree.hashes(), `tree of task ${at}`);
        found += result.chunks.length;
        if (ended[0] !== undefined) t.equal(result.begin.index, ended[0].index);
      }
      t.ok(found > 0);
    }
  },
);

t.test("an id twice, or a spill that is not whole, is not clean", async (t) => {
  const dir = t.testdir({});
  const [a, b] = [Uint32Array.from([1, 2, 3, 4]), Uint32Array.from([1, 2, 3, 5])];
  const twice = [a, b, a].map((words, at) => ({ words, text: `line ${at}` }));
  t.strictSame(
    writeAll(dir, [spill(dir, twice, new Uint32Array(0))]).results.map(({ clean }) => clean),
    [false],
  );
  const [one, other] = [
    spill(dir, twice.slice(0, 2), new Uint32Array(0)),
    spill(dir, twice.slice(2), new Uint32Array(0)),
  ];
  t.equal(writeAll(dir, [one, other]).results[0]?.clean, false, "also in two spills");
  for (const cut of [1, 10, 30]) {
    const result = spill(dir, twice.slice(0, 2), new Uint32Array(0));
    const path = pathsOf(result)[0] ?? "";
    truncateSync(path, statSync(path).size - cut);
    t.equal(writeAll(dir, [result]).results[0]?.clean, false, `${cut} bytes fewer`);
  }
});
