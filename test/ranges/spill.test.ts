import { hash } from "node:crypto";
import { closeSync, openSync, readFileSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import t from "tap";
import { uuidText } from "../../tools/migration/integrity/uuid-words.ts";
import { Spill, type SpillResult } from "../../tools/migration/ranges/spill.ts";
import { type PartitionResult, writePartition } from "../../tools/migration/ranges/write-partition.ts";

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

let runs = 0;

function spill(dir: string, lines: readonly Line[], bounds: Uint32Array): SpillResult {
  runs += 1;
  const made = new Spill(join(dir, `spill-${runs}`), bounds);
  for (const { words, text } of lines) {
    const at = made.reserve(words[0] ?? 0, 3 * text.length);
    made.commit(words, made.bytes.write(text, at, "utf8"));
  }
  return made.finish();
}

/** Writes all partitions of some spills, the last one first; the two files. */
function writeAll(
  dir: string,
  spills: readonly SpillResult[],
): { results: PartitionResult[]; data: string; entities: string } {
  const [data, entities] = [join(dir, `data-${runs}`), join(dir, `entities-${runs}`)];
  for (const file of [data, entities]) closeSync(openSync(file, "w"));
  const tasks = [];
  let [index, dataOffset] = [0, 0];
  for (let at = 0; at < (spills[0]?.counts.length ?? 0); at += 1) {
    const count = spills.reduce((sum, { counts }) => sum + (counts[at] ?? 0), 0);
    const dataBytes = spills.reduce((sum, one) => sum + (one.dataBytes[at] ?? 0), 0);
    tasks.push({
      extents: spills.flatMap(({ extents }) => extents[at] ?? []),
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
  const results = tasks.reverse().map((task) => writePartition(task, () => {}));
  return { results: results.reverse(), data: readFileSync(data, "utf8"), entities: readFileSync(entities, "utf8") };
}

function sorted(lines: readonly Line[]): { id: string; text: string; sha256: string }[] {
  return lines
    .map(({ words, text }) => ({ id: uuidText(words), text, sha256: hash("sha256", text) }))
    .sort((left, right) => (left.id < right.id ? -1 : 1));
}

t.test("lines come out of any partitions and spills as an array sorts them", async (t) => {
  const dir = t.testdir({});
  await fc.assert(
    fc.property(anyLines, anyBounds, fc.nat(3), (lines, bounds, files) => {
      const parts = Array.from({ length: files + 1 }, (_, at) =>
        lines.filter((_line, line) => line % (files + 1) === at),
      );
      const written = writeAll(
        dir,
        parts.map((part) => spill(dir, part, bounds)),
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

t.test("the first chunk that begins in a partition is named", async (t) => {
  const dir = t.testdir({});
  const lines = Array.from({ length: 12_000 }, (_, at) => ({
    words: Uint32Array.from([at * 1000, 0, 0, 1]),
    text: `n ${at}`,
  }));
  const bounds = Uint32Array.from([3_000_000, 8_000_000]);
  const { results } = writeAll(dir, [spill(dir, lines, bounds)]);
  const all = sorted(lines);
  const starts = [0, 3000, 8000].map((from, at, edges) => {
    const end = all.findIndex(({ sha256 }, index) => index >= from && sha256.endsWith("000"));
    if (end < 0 || end >= (edges[at + 1] ?? all.length)) return undefined;
    const dataOffset = all.slice(0, end + 1).reduce((sum, { text }) => sum + text.length + 1, 0);
    return { index: end + 1, dataOffset };
  });
  t.ok(starts.some((start) => start !== undefined));
  t.strictSame(
    results.map(({ chunkStart }) => chunkStart),
    starts,
  );
});

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
    const path = result.extents[0]?.[0]?.path ?? "";
    truncateSync(path, statSync(path).size - cut);
    t.equal(writeAll(dir, [result]).results[0]?.clean, false, `${cut} bytes fewer`);
  }
});
