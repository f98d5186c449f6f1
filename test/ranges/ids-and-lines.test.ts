import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import t from "tap";
import { readUuid } from "../../tools/migration/compiled/byte-formats.ts";
import { compareWords, parseUuid, uuidText } from "../../tools/migration/integrity/uuid-words.ts";
import { cutLines } from "../../tools/migration/ranges/cut-lines.ts";
import { areDistinct, sliceIds, type WordList } from "../../tools/migration/ranges/distinct-ids.ts";
import { IdIndex, indexIds } from "../../tools/migration/ranges/id-index.ts";
import { LookupBatch } from "../../tools/migration/ranges/lookup-batch.ts";
import { RangeBlocks } from "../../tools/migration/ranges/range-blocks.ts";
import { readIds } from "../../tools/migration/ranges/read-ids.ts";
import { allocateIds, allocateSets, placesOf, type SharedIds } from "../../tools/migration/ranges/shared-id-memory.ts";
import { isDisjointSlice } from "../../tools/migration/ranges/shared-ids.ts";
import { moduleFiles } from "../../tools/migration/stores/module-files.ts";
import { writeTinyModule } from "../helpers/tiny-module.ts";

const text = (words: readonly number[]): string => uuidText(Uint32Array.from(words));
const word = fc.oneof(
  fc.constantFrom(0, 1, 2 ** 31, 2 ** 31 - 1, 2 ** 32 - 1),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
);
const anyId = fc.tuple(word, word, word, word).map(text);
/** Ids that have their first word in common with many others. */
const clusteredId = fc.tuple(fc.constantFrom(7, 2 ** 32 - 1), word, word, word).map(text);

function wordsOf(id: string): Uint32Array {
  const words = new Uint32Array(4);
  if (!parseUuid(id, words)) throw new Error(`no uuid: ${id}`);
  return words;
}

function shared(ids: readonly string[]): SharedIds {
  const made = allocateIds(ids.length);
  const { words } = placesOf(made);
  for (const [at, id] of ids.entries()) words.set(wordsOf(id), 4 * at);
  indexIds(made);
  return made;
}

function wordList(ids: readonly string[]): WordList {
  const buffer = new SharedArrayBuffer(16 * ids.length + 8);
  const words = new Uint32Array(buffer, 8);
  ids.forEach((id, at) => {
    words.set(wordsOf(id), 4 * at);
  });
  return { buffer, at: 8, length: words.length };
}

function distinct(ids: readonly string[]): string[] {
  return [...new Set(ids)].sort();
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

t.test("a UUID is read from exactly its 36 bytes, or from its text", async (t) => {
  await fc.assert(
    fc.property(anyId, fc.nat(9), fc.nat(3), (id, at, wordAt) => {
      const bytes = Buffer.concat([Buffer.alloc(at, 0x61), Buffer.from(id), Buffer.from("a")]);
      const [words, ofText] = [new Uint32Array(8), new Uint32Array(4)];
      const hex = id.replaceAll("-", "");
      const expected = [0, 8, 16, 24].map((from) => Number.parseInt(hex.slice(from, from + 8), 16));
      return (
        readUuid(viewOf(bytes), at, words, wordAt) &&
        [...words.subarray(wordAt, wordAt + 4)].join() === expected.join() &&
        parseUuid(id, ofText) &&
        ofText.join() === expected.join() &&
        !parseUuid(bytes.toString("latin1"), ofText)
      );
    }),
  );
  const uuid = Buffer.from("01234567-89ab-cdef-0123-456789abcdef");
  const words = new Uint32Array(4);
  const pattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
  for (let at = 0; at < 36; at += 1) {
    for (let byte = 0; byte < 256; byte += 1) {
      const changed = Buffer.from(uuid);
      changed[at] = byte;
      const text = changed.toString("latin1");
      if (readUuid(viewOf(changed), 0, words, 0) !== pattern.test(text)) t.fail(`byte ${at} as ${byte}`);
      if (parseUuid(text, words) !== pattern.test(text)) t.fail(`unit ${at} as ${byte}`);
    }
  }
});

t.test("ids compare by words as their text does by bytes", async () => {
  await fc.assert(
    fc.property(fc.oneof(anyId, clusteredId), fc.oneof(anyId, clusteredId), (a, b) => {
      const byWords = Math.sign(compareWords(wordsOf(a), 0, wordsOf(b), 0));
      return byWords === Buffer.compare(Buffer.from(a), Buffer.from(b));
    }),
  );
});

t.test("the index finds what a set has, at its position", async (t) => {
  const anySet = fc.oneof(
    fc.array(anyId, { maxLength: 40 }),
    fc.array(clusteredId, { maxLength: 300, size: "max" }),
    fc.array(fc.oneof(anyId, clusteredId), { maxLength: 80 }),
  );
  await fc.assert(
    fc.property(anySet, fc.array(fc.oneof(anyId, clusteredId), { maxLength: 20 }), (some, others) => {
      const ids = distinct(some);
      const index = new IdIndex(shared(ids));
      return [...ids, ...others].every((id) => index.find(wordsOf(id), 0) === ids.indexOf(id));
    }),
  );
  for (const ids of [[], [text([0, 0, 0, 0])], [text(new Array(4).fill(2 ** 32 - 1))]]) {
    const index = new IdIndex(shared(ids));
    for (const id of [text([0, 0, 0, 0]), text([5, 0, 0, 0]), text(new Array(4).fill(2 ** 32 - 1))]) {
      t.equal(index.find(wordsOf(id), 0), ids.indexOf(id), `${id} among ${ids.length}`);
    }
  }
});

t.test("an index made in parts, in any order, is the one that is made at once", async () => {
  await fc.assert(
    fc.property(fc.array(fc.oneof(anyId, clusteredId), { maxLength: 60 }), fc.array(fc.nat(60)), (some, cuts) => {
      const ids = distinct(some);
      const whole = shared(ids);
      const made = allocateIds(ids.length);
      placesOf(made).words.set(placesOf(whole).words);
      const places = [0, ...cuts.filter((cut) => cut < ids.length).sort((a, b) => a - b), ids.length];
      const parts = places.slice(1).map((end, at) => [places[at] ?? 0, end] as const);
      for (const [begin, end] of parts.reverse()) indexIds(made, begin, end);
      return (["heads", "buckets"] as const).every(
        (which) => Buffer.compare(bytes(made, which), bytes(whole, which)) === 0,
      );
    }),
    { numRuns: 500 },
  );
});

function bytes(ids: SharedIds, which: "heads" | "buckets"): Buffer {
  return Buffer.from(Uint32Array.from(placesOf(ids)[which]).buffer);
}

t.test("ids for which there cannot be memory are told, and a thread without a place is refused", (t) => {
  t.equal(allocateSets([2 ** 28], 1), undefined, "beyond addresses of 32 bits");
  t.equal(allocateSets([2 ** 27, 2 ** 27], 1), undefined, "together");
  t.throws(() => allocateIds(2 ** 28), { code: "UNVERIFIABLE" });
  const [ids] = allocateSets([1], 2) ?? [];
  if (ids === undefined) throw new Error("no memory");
  placesOf(ids).words.set([7, 1, 2, 3]);
  indexIds(ids);
  const found = new Int32Array(1);
  for (const thread of [0, 1]) {
    new IdIndex(ids, thread).findAll(Uint32Array.of(7, 1, 2, 3), 1, found);
    t.equal(found[0], 0, `thread ${thread}`);
  }
  t.throws(() => new IdIndex(ids, 2).findAll(Uint32Array.of(7, 1, 2, 3), 1, found), RangeError);
  t.end();
});

t.test("lookups in a batch find what single ones do, in their order", async () => {
  const lists = fc.array(fc.array(fc.oneof(anyId, clusteredId), { maxLength: 30 }), { minLength: 1, maxLength: 3 });
  const wanted = fc.array(fc.tuple(fc.nat(2), fc.nat(40), anyId), { maxLength: 600, size: "max" });
  await fc.assert(
    fc.property(lists, wanted, fc.nat(50), (some, lookups, every) => {
      const sets = some.map(distinct);
      const indexes = sets.map((ids) => new IdIndex(shared(ids)));
      const [expected, found]: [string[], string[]] = [[], []];
      const batch = new LookupBatch((lookup, position, words) => {
        found.push(`${uuidText(words.subarray(4 * lookup, 4 * lookup + 4))} ${position}`);
      });
      lookups.forEach(([list, at, other], number) => {
        const [ids, index] = [sets[list % sets.length], indexes[list % sets.length]];
        if (ids === undefined || index === undefined) return;
        const id = ids[at] ?? other;
        expected.push(`${id} ${ids.indexOf(id)}`);
        batch.add(index, wordsOf(id), 0);
        if (batch.isFull || number % (every + 1) === every) batch.settle();
      });
      batch.settle();
      return found.join() === expected.join();
    }),
    { numRuns: 200 },
  );
});

t.test("lists are disjoint where no id is in two of them", async () => {
  const few = fc.array(fc.oneof({ weight: 4, arbitrary: anyId }, { weight: 1, arbitrary: clusteredId }), {
    maxLength: 6,
  });
  const lists = fc.array(few, { maxLength: 5 });
  await fc.assert(
    fc.property(lists, fc.boolean(), fc.integer({ min: 1, max: 5 }), (some, mix, parts) => {
      const ids = some.map(distinct);
      const [first, last] = [ids[0], ids.at(-1)];
      if (mix && ids.length > 1 && first?.[0] !== undefined) last?.push(first[0]);
      const sorted = ids.map(distinct);
      const all = sorted.flat();
      const lists = sorted.map(shared);
      const found = Array.from({ length: parts }, (_, part) => isDisjointSlice({ lists, part, parts })).every(Boolean);
      return found === (new Set(all).size === all.length);
    }),
    { numRuns: 300 },
  );
});

t.test("ids are distinct where none is there twice, in whatever slices and order", async (t) => {
  const lists = fc.array(fc.array(fc.oneof(anyId, clusteredId), { maxLength: 30 }), { maxLength: 4 });
  await fc.assert(
    fc.property(lists, fc.integer({ min: 1, max: 5 }), fc.boolean(), (some, slices, repeat) => {
      const ids = some.map((list) => [...new Set(list)]);
      if (repeat) ids.push(ids.flat().slice(-1));
      const buffers = ids.map(wordList);
      const all = ids.flat();
      const parts = Array.from({ length: slices }, (_, slice) => areDistinct({ lists: buffers, slice, slices }));
      return parts.every(Boolean) === (new Set(all).size === all.length);
    }),
    { numRuns: 300 },
  );
  const many = Array.from({ length: 600_000 }, (_, at) => text([at * 7000, 0, 0, at]));
  const [list, one] = [wordList(many), wordList(many.slice(77_777, 77_778))];
  t.ok(sliceIds([list]).length > 1);
  t.ok(sliceIds([list]).every(areDistinct));
  t.equal(sliceIds([list, one]).filter(areDistinct).length, sliceIds([list, one]).length - 1);
  t.ok(sliceIds([]).every(areDistinct));
});

t.test("ids are read from any lines of a digest file", async (t) => {
  const module = writeTinyModule(join(t.testdir({}), "v1"), 5000);
  const path = moduleFiles(module.input, "tiny").entities;
  const read = (ranges: readonly (readonly [number, number])[]): { ids: string[]; clean: boolean } => {
    const made = allocateIds(5000);
    const clean = ranges.map(([begin, end]) => readIds({ path, begin, end, ids: made }, () => {})).every(Boolean);
    const all = placesOf(made).words;
    return { clean, ids: Array.from({ length: 5000 }, (_, at) => uuidText(all.subarray(4 * at, 4 * at + 4))) };
  };
  for (const cuts of [[], [1], [4096], [4095, 4097], [10, 20, 4999]]) {
    const edges = [0, ...cuts, 5000];
    const ranges = edges.slice(1).map((end, at) => [edges[at] ?? 0, end] as const);
    t.strictSame(read(ranges), { clean: true, ids: module.ids }, `cut at ${cuts}`);
  }
  t.equal(read([[4999, 5001]]).clean, false, "a line that is not there");
  const bytes = readFileSync(path);
  bytes[122 * 4500 + 9] = 0x67;
  writeFileSync(path, bytes);
  t.equal(read([[0, 5000]]).clean, false, "a line that has no id");
});

/** Files of lines of all lengths, with and without a last LF. */
const anyFile = fc
  .tuple(fc.array(fc.nat(90), { maxLength: 30 }), fc.boolean(), fc.boolean())
  .map(([lengths, torn, empty]) => {
    const lines = lengths.map((length, at) => "abcdefghij".charAt(at % 10).repeat(empty ? length : length + 1));
    return Buffer.from(lines.map((line) => `${line}\n`).join("") + (torn ? "torn" : ""));
  });

t.test("spans of any size have every byte once and end with lines", async (t) => {
  const path = join(t.testdir({}), "file");
  await fc.assert(
    fc.property(anyFile, (bytes) => {
      writeFileSync(path, bytes);
      for (let size = 1; size <= bytes.length + 2; size += 1) {
        const spans = cutLines(path, size);
        let at = 0;
        for (const { offset, length } of spans) {
          if (offset !== at || length <= 0) return false;
          at += length;
          if (at < bytes.length && bytes[at - 1] !== 10) return false;
        }
        if (at !== bytes.length) return false;
      }
      return true;
    }),
    { numRuns: 40 },
  );
  const long = Buffer.concat([
    Buffer.alloc(200_000, 0x61),
    Buffer.from("\n"),
    Buffer.alloc(100, 0x62),
    Buffer.from("\n"),
  ]);
  writeFileSync(path, long);
  t.strictSame(cutLines(path, 10), [
    { offset: 0, length: 200_001 },
    { offset: 200_001, length: 101 },
  ]);
});

t.test("blocks of any size have the same lines", async (t) => {
  const path = join(t.testdir({}), "file");
  const read = (bytes: Buffer, from: number, blockBytes: number): { lines: string; rest: number } => {
    const blocks = new RangeBlocks(path, "file", {
      offset: from,
      length: bytes.length - from,
      block: Buffer.alloc(blockBytes),
    });
    const parts: Buffer[] = [];
    let offset = from;
    while (blocks.next()) {
      if (blocks.base + blocks.begin !== offset) throw new Error("a block says where it is");
      if (blocks.bytes[blocks.end - 1] !== 10) throw new Error("a block ends with a line");
      parts.push(Buffer.from(blocks.bytes.subarray(blocks.begin, blocks.end)));
      offset = blocks.base + blocks.end;
    }
    blocks.close();
    return { lines: Buffer.concat(parts).toString(), rest: blocks.rest };
  };
  await fc.assert(
    fc.property(anyFile, (bytes) => {
      writeFileSync(path, bytes);
      const whole = bytes.lastIndexOf(10) + 1;
      for (const from of [0, bytes.indexOf(10) + 1]) {
        for (const blockBytes of [1, 2, 7, 4096]) {
          const { lines, rest } = read(bytes, from, blockBytes);
          if (lines !== bytes.toString("latin1", from, Math.max(from, whole))) return false;
          if (rest !== bytes.length - Math.max(from, whole)) return false;
        }
      }
      return true;
    }),
    { numRuns: 60 },
  );
  const bytes = Buffer.from(`${"line of text\n".repeat(60_000)}${"x".repeat(700_000)}\n${"end\n".repeat(50_000)}`);
  writeFileSync(path, bytes);
  for (const blockBytes of [4096, 512 * 1024, 8 * 1024 * 1024]) {
    t.ok(read(bytes, 0, blockBytes).lines === bytes.toString(), `${blockBytes} bytes`);
  }
});
