import { closeSync, existsSync, openSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import t from "tap";
import { LineReader, type LineReaderOptions } from "../../tools/migration/files/line-reader.ts";

interface Seen {
  readonly text: string;
  readonly offset: number;
  readonly number: number;
  readonly torn: boolean;
  readonly tooLong: boolean;
}

function readAll(path: string, options: LineReaderOptions = {}): Seen[] {
  const reader = new LineReader(path, "data.jsonl", options);
  const seen: Seen[] = [];
  for (let line = reader.next(); line !== undefined; line = reader.next()) {
    const { offset, number, torn, tooLong } = line;
    seen.push({ text: line.line.toString("latin1"), offset, number, torn, tooLong });
  }
  t.equal(reader.next(), undefined);
  reader.close();
  reader.close();
  return seen;
}

/** The lines of `content` by String.split, an independent way. */
function split(content: string, maxLineBytes: number): Seen[] {
  const parts = content.split("\n");
  const torn = parts.at(-1) !== "";
  if (!torn) parts.pop();
  let offset = 0;
  return parts.map((text, at) => {
    const tooLong = text.length > maxLineBytes;
    const seen = { text: tooLong ? "" : text, offset, number: at + 1, torn: torn && at === parts.length - 1, tooLong };
    offset += text.length + 1;
    return seen;
  });
}

t.test("lines equal split for every block size and limit, and the blocks are the file", async (t) => {
  const path = join(t.testdir(), "file");
  const content = fc.string({ unit: fc.constantFrom("a", "b", "\n", "\r", "\0"), maxLength: 300 });
  const law = fc.property(
    content,
    fc.integer({ min: 1, max: 64 }),
    fc.integer({ min: 0, max: 90 }),
    (text, blockBytes, maxLineBytes) => {
      writeFileSync(path, text, "latin1");
      const blocks: string[] = [];
      let bytes = 0;
      let offsetsAgree = true;
      const onBlock = (block: Buffer, offset: number): void => {
        offsetsAgree &&= offset === bytes;
        bytes += block.length;
        blocks.push(block.toString("latin1"));
      };
      const seen = readAll(path, { blockBytes, maxLineBytes, onBlock });
      const same = JSON.stringify(seen) === JSON.stringify(split(text, maxLineBytes));
      return same && offsetsAgree && blocks.join("") === text;
    },
  );
  t.doesNotThrow(() => fc.assert(law, { numRuns: 600 }));
});

t.test("every block size from 1 to 64 gives the same lines", async (t) => {
  const path = join(t.testdir(), "file");
  const content = `\n\n${"x".repeat(70)}\nab\n\n${"y".repeat(64)}\n${"z".repeat(63)}\ntorn`;
  writeFileSync(path, content);
  for (let blockBytes = 1; blockBytes <= 64; blockBytes++) {
    t.strictSame(readAll(path, { blockBytes }), split(content, 1000), `block of ${blockBytes}`);
  }
});

t.test("an empty file has no lines, a single LF has one", async (t) => {
  const dir = t.testdir({ empty: "", one: "\n" });
  t.strictSame(readAll(join(dir, "empty")), []);
  t.strictSame(readAll(join(dir, "one")), [{ text: "", offset: 0, number: 1, torn: false, tooLong: false }]);
});

t.test("a line beyond 16 MiB is skipped in flat memory, one of exactly 16 MiB is read", async (t) => {
  const path = join(t.testdir(), "file");
  const mebibyte = Buffer.alloc(1024 * 1024, 120);
  const fd = openSync(path, "w");
  for (const [count, rest] of [
    [16, "\n"],
    [128, "\n"],
    [16, "x\n"],
    [0, "end\n"],
  ] as const) {
    for (let at = 0; at < count; at++) writeSync(fd, mebibyte);
    writeSync(fd, rest);
  }
  closeSync(fd);
  const before = process.memoryUsage().arrayBuffers;
  const reader = new LineReader(path, "data.jsonl");
  const lengths: unknown[] = [];
  for (let line = reader.next(); line !== undefined; line = reader.next())
    lengths.push([line.line.length, line.tooLong]);
  const grown = process.memoryUsage().arrayBuffers - before;
  reader.close();
  t.strictSame(lengths, [
    [16 * 1024 * 1024, false],
    [0, true],
    [0, true],
    [3, false],
  ]);
  t.ok(grown < 48 * 1024 * 1024, `${grown} bytes of buffers`);
});

t.test("a file that shrinks while it is read just ends", async (t) => {
  const path = join(t.testdir(), "file");
  writeFileSync(path, "0123456\n".repeat(100));
  const reader = new LineReader(path, "data.jsonl", { blockBytes: 16 });
  t.equal(reader.next()?.line.toString(), "0123456");
  truncateSync(path, 20);
  const rest = [reader.next(), reader.next(), reader.next()].map((line) => line && [line.line.toString(), line.torn]);
  t.strictSame(rest, [["0123456", false], ["0123", true], undefined]);
  reader.close();
  t.throws(() => reader.next(), { code: "INTERNAL" });
});

t.test("a file that cannot be read is UNVERIFIABLE by its relative name", async (t) => {
  const dir = t.testdir({ folder: {} });
  const read = (path: string) => () => new LineReader(path, "hunde/data.jsonl").next();
  t.throws(read(join(dir, "none")), { code: "UNVERIFIABLE", message: "hunde/data.jsonl cannot be read (ENOENT)." });
  t.throws(read(join(dir, "folder")), { code: "UNVERIFIABLE", message: /EISDIR/ });
  const broken = "/proc/self/mem";
  if (existsSync(broken)) t.throws(read(broken), { code: "UNVERIFIABLE", message: /EIO/ });
});
