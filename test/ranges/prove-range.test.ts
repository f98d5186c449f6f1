import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { scanModule } from "../../tools/migration/checks/module-scan.ts";
import { ChunkCutter, chunkLine } from "../../tools/migration/integrity/chunks.ts";
import { CompactRange } from "../../tools/migration/integrity/compact-range.ts";
import { entityLine, sha256Hex } from "../../tools/migration/integrity/digest.ts";
import type { Finding } from "../../tools/migration/model/finding.ts";
import { VERIFY_CHECKS } from "../../tools/migration/operations/scan.ts";
import { type EntityRange, type EntityRun, proveRange } from "../../tools/migration/ranges/prove-range.ts";
import { scrubRange } from "../../tools/migration/ranges/scrub-range.ts";
import { type ChunkRange, verifyRange } from "../../tools/migration/ranges/verify-range.ts";
import { moduleFiles } from "../../tools/migration/stores/module-files.ts";
import { type TinyModule, tinyId, writeTinyModule } from "../helpers/tiny-module.ts";

const go = (): void => {};

function rangeOf({ input, module, offsets }: TinyModule, begin: number, end: number): EntityRange {
  const { data, entities } = moduleFiles(input, module);
  const [dataOffset, stop] = [offsets[begin] ?? 0, offsets[end] ?? 0];
  return { data, entities, name: "tiny/data.jsonl", begin, end, dataOffset, dataBytes: stop - dataOffset };
}

function chunksOf({ input, module, chunks }: TinyModule, from: number, to: number): ChunkRange {
  return { input, module, chunks: chunks.slice(from, to), isLast: to === chunks.length };
}

const large = writeTinyModule(join(t.testdir({}), "v1"), 20_000);

t.test("ranges cut at any chunk boundaries have the chunks and make the tree of the sequential scan", async (t) => {
  const { chunks, root } = large;
  t.ok(chunks.length > 4, `${chunks.length} chunks`);
  const found: Finding[] = [];
  const options = { ...large, checks: VERIFY_CHECKS, sink: (one: Finding) => found.push(one), turn: async () => {} };
  const { root: scanned } = await scanModule(options);
  t.equal(scanned, root);
  t.strictSame(
    found.map(({ code }) => code).filter((code) => code !== "CHUNK_GAP"),
    [],
  );
  for (let from = 0; from < chunks.length; from += 1) {
    for (let to = from + 1; to <= chunks.length; to += 1) {
      const range = chunksOf(large, from, to);
      const result = verifyRange(range, go);
      if (!result.clean || !scrubRange(range, go)) t.fail(`chunks ${from} to ${to}`);
      const proof = proveRange(rangeOf(large, result.clean ? result.begin : 0, result.clean ? result.end : 0), go);
      t.strictSame(proof?.chunks.map(chunkLine), range.chunks.map(chunkLine));
    }
  }
  for (let cut = 0; cut <= chunks.length; cut += 1) {
    const tree = new CompactRange();
    for (const [from, to] of [
      [0, cut],
      [cut, chunks.length],
    ] as const) {
      const result = from === to ? undefined : verifyRange(chunksOf(large, from, to), go);
      if (result?.clean === true) tree.merge(CompactRange.from(result.begin, result.end, result.subtrees));
    }
    t.equal(tree.root().toString("hex"), root, `cut before chunk ${cut}`);
  }
});

t.test("a range that does not end with a chunk says so", (t) => {
  const second = large.chunks[1];
  const begin = second?.index ?? 0;
  for (const count of [1, 2, 2047, (second?.count ?? 0) - 1]) {
    const proof = proveRange(rangeOf(large, begin, begin + count), go);
    t.equal(proof?.openEnd, true, `${count} entities`);
    const cutter = new ChunkCutter({ index: begin, dataOffset: large.offsets[begin] ?? 0 });
    const data = readFileSync(moduleFiles(large.input, "tiny").data);
    for (let at = begin; at < begin + count; at += 1) {
      const line = data.subarray(large.offsets[at], (large.offsets[at + 1] ?? 0) - 1);
      cutter.add(large.ids[at] ?? "", large.digests[at] ?? "", line);
    }
    t.strictSame(proof?.chunks.at(-1), cutter.end());
  }
  t.equal(proveRange(rangeOf(large, begin, begin + (second?.count ?? 0)), go)?.openEnd, false);
  t.strictSame(proveRange(rangeOf(large, 7, 7), go), { begin: 7, end: 7, chunks: [], openEnd: false, subtrees: [] });
  t.end();
});

t.test("a chunk ends after 65 536 entities", (t) => {
  const module = writeTinyModule(join(t.testdir({}), "v1"), 65_540, { cuts: false });
  t.strictSame(
    module.chunks.map(({ count }) => count),
    [65_536, 4],
  );
  const whole = verifyRange(chunksOf(module, 0, 2), go);
  t.equal(whole.clean, true);
  const tree = new CompactRange();
  for (const at of [0, 1]) {
    const result = verifyRange(chunksOf(module, at, at + 1), go);
    if (result.clean) tree.merge(CompactRange.from(result.begin, result.end, result.subtrees));
  }
  t.equal(tree.root().toString("hex"), module.root);
  t.end();
});

t.test("the result does not depend on how much is read at a time", (t) => {
  const module = writeTinyModule(join(t.testdir({}), "v1"), 120, { text: "grün" });
  const expected = proveRange(rangeOf(module, 0, 120), go);
  t.ok(expected);
  for (const blockBytes of [1, 2, 7, 80, 4096, 8 * 1024 * 1024]) {
    t.strictSame(proveRange({ ...rangeOf(module, 0, 120), blockBytes }, go), expected, `${blockBytes} bytes`);
  }
  t.end();
});

t.test("anything but the recorded bytes is not clean", (t) => {
  const damage = (name: string, change: (files: ReturnType<typeof moduleFiles>, module: TinyModule) => void): void => {
    const module = writeTinyModule(join(t.testdir({}), "v1"), 30);
    const range = chunksOf(module, 0, module.chunks.length);
    if (!verifyRange(range, go).clean) t.fail("the fixture is not clean");
    change(moduleFiles(module.input, "tiny"), module);
    t.equal(verifyRange(range, go).clean, false, name);
  };
  damage("data ends early", ({ data }, { offsets }) => truncateSync(data, offsets[29]));
  damage("data ends in the middle of a line", ({ data }, { offsets }) => truncateSync(data, (offsets[30] ?? 0) - 5));
  damage("no LF at the end", ({ data }, { offsets }) => truncateSync(data, (offsets[30] ?? 0) - 1));
  damage("data is empty", ({ data }) => truncateSync(data, 0));
  damage("entities ends early", ({ entities }) => truncateSync(entities, 122 * 29));
  damage("entities ends in the middle of a line", ({ entities }) => truncateSync(entities, 122 * 30 - 1));
  damage("entities is empty", ({ entities }) => truncateSync(entities, 0));
  damage("a line ends in CRLF", ({ data }) => {
    const bytes = readFileSync(data);
    bytes[bytes.indexOf(10) - 1] = 13;
    writeFileSync(data, bytes);
  });
  damage("two lines change places in both files", (files, { offsets: [, a = 0, b = 0, c = 0] }) => {
    const [data, entities] = [readFileSync(files.data), readFileSync(files.entities)];
    writeFileSync(
      files.data,
      Buffer.concat([data.subarray(0, a), data.subarray(b, c), data.subarray(a, b), data.subarray(c)]),
    );
    const at = (line: number): Buffer => entities.subarray(122 * line, 122 * line + 122);
    writeFileSync(files.entities, Buffer.concat([at(0), at(2), at(1), entities.subarray(366)]));
  });
  t.end();
});

t.test("a digest that is not that of the line is no proof, wherever it is", (t) => {
  const module = writeTinyModule(join(t.testdir({}), "v1"), 2100);
  const { entities } = moduleFiles(module.input, "tiny");
  const bytes = readFileSync(entities);
  for (const line of [0, 1, 2, 3, 1000, 2047, 2048, 2098, 2099]) {
    for (const digit of [0, 31, 63]) {
      const other = Buffer.from(bytes);
      const at = 122 * line + 55 + digit;
      other[at] = other[at] === 0x61 ? 0x62 : 0x61;
      writeFileSync(entities, other);
      for (const blockBytes of [4096, 512 * 1024, 1024 * 1024]) {
        const proof = proveRange({ ...rangeOf(module, 0, 2100), blockBytes }, go);
        if (proof !== undefined) t.fail(`digit ${digit} of line ${line}, blocks of ${blockBytes}`);
      }
    }
  }
  writeFileSync(entities, bytes);
  t.ok(proveRange(rangeOf(module, 0, 2100), go));
  t.end();
});

t.test("ids that do not ascend are no proof, also where every digest is right", (t) => {
  for (const ids of [
    [tinyId(1), tinyId(0)],
    [tinyId(1), tinyId(1)],
  ]) {
    const input = join(t.testdir({}), "v1");
    const files = moduleFiles(input, "tiny");
    mkdirSync(files.checksums, { recursive: true });
    const lines = ids.map((id) => `{"id":"${id}"}`);
    writeFileSync(files.data, `${lines.join("\n")}\n`);
    const entities = ids.map((id, at) => `${entityLine(id, sha256Hex(lines[at] ?? ""))}\n`);
    writeFileSync(files.entities, entities.join(""));
    const range = { ...files, name: "tiny/data.jsonl", begin: 0, end: 2, dataOffset: 0, dataBytes: 2 * 46 };
    t.equal(proveRange({ ...range, dataBytes: Buffer.byteLength(lines.join("\n")) + 1 }, go), undefined);
  }
  t.end();
});

t.test("a file that goes away or shrinks while it is read is no proof", (t) => {
  const [first, second] = [50, 100];
  const during = (change: (files: ReturnType<typeof moduleFiles>) => void): unknown => {
    const module = writeTinyModule(join(t.testdir({}), "v1"), 150);
    const probe = {
      block: go,
      entities: ({ index, count }: EntityRun) => {
        if (index <= first && first < index + count) change(moduleFiles(module.input, "tiny"));
        return true;
      },
    };
    return proveRange({ ...rangeOf(module, 0, 150), blockBytes: 1024 }, go, probe);
  };
  t.ok(
    during(() => {}),
    "nothing happens",
  );
  t.equal(
    during(({ data }) => truncateSync(data, second * 60)),
    undefined,
    "data shrinks",
  );
  t.equal(
    during(({ data }) => truncateSync(data, 0)),
    undefined,
    "data is emptied",
  );
  t.ok(
    during(({ data }) => rmSync(data)),
    "an open file keeps its bytes",
  );
  const module = writeTinyModule(join(t.testdir({}), "v1"), 10);
  const files = moduleFiles(module.input, "tiny");
  for (const path of [files.entities, files.data]) {
    rmSync(path);
    t.throws(() => verifyRange(chunksOf(module, 0, 1), go), { code: "UNVERIFIABLE", message: /ENOENT/ });
    mkdirSync(path);
    t.throws(() => verifyRange(chunksOf(module, 0, 1), go), { code: "UNVERIFIABLE", message: /EISDIR/ });
  }
  t.end();
});

t.test("a line of 16 MiB at the end of a range is read, a longer one is not", (t) => {
  for (const [extra, isFine] of [
    [0, true],
    [1, false],
  ] as const) {
    const input = join(t.testdir({}), "v1");
    const files = moduleFiles(input, "tiny");
    mkdirSync(files.checksums, { recursive: true });
    const head = `{"id":"${tinyId(0)}","t":"`;
    const line = `${head}${"x".repeat(16 * 1024 * 1024 - head.length - 2 + extra)}"}`;
    const next = `{"id":"${tinyId(1)}"}`;
    writeFileSync(files.data, `${line}\n${next}\n`);
    writeFileSync(
      files.entities,
      [line, next].map((text, at) => `${entityLine(tinyId(at), sha256Hex(text))}\n`).join(""),
    );
    const range = { ...files, name: "tiny/data.jsonl", begin: 0, end: 1, dataOffset: 0, dataBytes: line.length + 1 };
    t.equal(proveRange(range, go) !== undefined, isFine, `${extra} more`);
    const both = { ...range, end: 2, dataBytes: range.dataBytes + next.length + 1 };
    t.equal(proveRange(both, go) !== undefined, isFine, `${extra} more, and a line behind it`);
    const long = { ...range, dataBytes: line.length + 6 };
    t.equal(proveRange(long, go), undefined, "a range with the beginning of a line behind it");
    const short = { ...range, dataBytes: line.length - 5 };
    t.equal(proveRange(short, go), undefined, "a range that ends in a line");
  }
  t.end();
});

t.test("a cancel is seen between blocks", (t) => {
  let calls = 0;
  const cancel = (): void => {
    calls += 1;
    if (calls === 3) throw new TypeError("cancelled");
  };
  t.throws(() => proveRange({ ...rangeOf(large, 0, 1000), blockBytes: 4096 }, cancel), { message: "cancelled" });
  t.end();
});
