import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import t from "tap";
import { SortedLines } from "../../tools/migration/stores/sorted-lines.ts";
import { mountTmpfs, noTmpfs } from "../helpers/tmpfs.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: unknown = runInNewContext("gc");

function liveBufferBytes(): number {
  if (typeof collectGarbage === "function") collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

type Pair = readonly [id: string, line: string];

const idOf = (number: number): string =>
  `${((number * 2654435761) % 2 ** 32).toString(16).padStart(8, "0")}-0000-8000-8000-000000000000`;

function sortWith(dir: string, memoryBytes: number, pairs: readonly Pair[]): { sorted: Pair[]; runs: number } {
  const lines = new SortedLines(dir, { memoryBytes });
  for (const [id, line] of pairs) lines.add(id, line);
  const runs = readdirSync(dir).length;
  const sorted = [...readAll(lines)];
  lines.close();
  return { sorted, runs };
}

function* readAll(lines: SortedLines): Generator<Pair> {
  for (const { id, line } of lines.drain()) yield [id, line.toString("latin1")];
}

/** The order by bytes, with Array.sort. */
function expected(pairs: readonly Pair[]): Pair[] {
  const key = ([id, line]: Pair): Buffer => Buffer.from(id + line, "latin1");
  return [...pairs].sort((left, right) => Buffer.compare(key(left), key(right)));
}

t.test("the order is that of Array.sort, whatever fits in memory", async (t) => {
  const dir = t.testdir();
  const id = fc.oneof(fc.uuid(), fc.integer({ min: 0, max: 5 }).map(idOf));
  const line = fc.oneof(fc.string({ unit: fc.constantFrom("a", "b", "ÿ", "\0") }), fc.constant("x".repeat(70_000)));
  let spilled = 0;
  const law = fc.property(
    fc.array(fc.tuple(id, line), { maxLength: 80 }),
    fc.integer({ min: 1, max: 6000 }),
    (made, memoryBytes) => {
      const lines = new SortedLines(dir, { memoryBytes });
      for (const [lineId, text] of made) lines.add(lineId, Buffer.from(text, "latin1"));
      spilled = Math.max(spilled, readdirSync(dir).length);
      const sorted = [...readAll(lines)];
      lines.close();
      return JSON.stringify(sorted) === JSON.stringify(expected(made)) && readdirSync(dir).length === 0;
    },
  );
  t.doesNotThrow(() => fc.assert(law, { numRuns: 200 }));
  t.ok(spilled > 2, `up to ${spilled} runs`);
});

t.test("more runs than can be merged at once are merged in levels", async (t) => {
  for (const count of [63, 64, 65, 129, 4200]) {
    const dir = t.testdir();
    const pairs = Array.from({ length: count }, (_, at): Pair => [idOf(at), `line ${at}`]);
    const { sorted, runs } = sortWith(dir, 1, pairs);
    t.equal(runs, count, "one run per line");
    t.strictSame(sorted, expected(pairs));
    t.strictSame(readdirSync(dir), []);
  }
});

t.test("equal ids are all given, in an order that does not depend on arrival", async (t) => {
  const pairs: Pair[] = ["b", "a", "", "b", "c"].map((line) => [idOf(1), line]);
  for (const memoryBytes of [1, 300, 1_000_000]) {
    const forward = sortWith(t.testdir(), memoryBytes, pairs).sorted;
    const backward = sortWith(t.testdir(), memoryBytes, [...pairs].reverse()).sorted;
    t.strictSame(
      forward.map(([, line]) => line),
      ["", "a", "b", "b", "c"],
    );
    t.strictSame(backward, forward);
  }
});

t.test("lines are copied, runs are private, and closing removes them at any time", async (t) => {
  const dir = t.testdir();
  const lines = new SortedLines(dir, { memoryBytes: 400 });
  const line = Buffer.from("first");
  lines.add(idOf(1), line);
  line.fill("x");
  for (let at = 2; at < 20; at++) lines.add(idOf(at), "later");
  for (const name of readdirSync(dir)) t.equal(statSync(join(dir, name)).mode & 0o777, 0o600);
  t.ok(readdirSync(dir).length > 1);
  const records = lines.drain();
  const begun = records.next();
  t.equal(begun.done, false);
  t.throws(() => lines.add(idOf(1), "late"), { code: "INTERNAL" });
  t.throws(() => lines.drain().next(), { code: "INTERNAL" });
  records.return();
  lines.close();
  lines.close();
  t.strictSame(readdirSync(dir), []);
});

t.test(
  "a reader that stops early leaves no file open",
  { skip: existsSync("/proc/self/fd") ? false : "needs /proc/self/fd" },
  async (t) => {
    const before = readdirSync("/proc/self/fd").length;
    const lines = new SortedLines(t.testdir(), { memoryBytes: 1 });
    for (let at = 0; at < 100; at++) lines.add(idOf(at), "x");
    for (const { id } of lines.drain()) {
      t.equal(id, idOf(0));
      break;
    }
    lines.close();
    t.equal(readdirSync("/proc/self/fd").length, before);
  },
);

t.test("memory stays near its limit however many lines are added", async (t) => {
  const memoryBytes = 8 * 1024 * 1024;
  const lines = new SortedLines(t.testdir(), { memoryBytes });
  const line = Buffer.alloc(300, 120);
  const before = liveBufferBytes();
  let most = 0;
  for (let at = 0; at < 200_000; at++) {
    lines.add(idOf(at), line);
    if (at % 4000 === 0) most = Math.max(most, liveBufferBytes());
  }
  let count = 0;
  let last = "";
  for (const { id } of lines.drain()) {
    if (id < last) t.fail("not ascending");
    last = id;
    count++;
  }
  lines.close();
  t.equal(count, 200_000);
  const grown = most - before;
  t.ok(grown < memoryBytes + 2 * 1024 * 1024, `${grown} bytes of buffers for 68 MB of lines`);
});

t.test("an id that is no UUID is refused", async (t) => {
  const lines = new SortedLines(t.testdir(), { memoryBytes: 1 });
  for (const id of ["", idOf(1).toUpperCase().replace("0", "A"), `${idOf(1)}0`]) {
    t.throws(() => lines.add(id, "x"), { code: "INTERNAL" });
  }
  lines.close();
});

t.test("a spill that finds no space is DISK_FULL, and closing frees the disk", { skip: noTmpfs }, async (t) => {
  const dir = mountTmpfs(t, 64);
  const lines = new SortedLines(dir, { memoryBytes: 20_000 });
  const fill = (): void => {
    for (let at = 0; at < 5000; at++) lines.add(idOf(at), "x".repeat(100));
  };
  t.throws(fill, { code: "DISK_FULL", message: /Spilling a sorted run/ });
  lines.close();
  t.strictSame(readdirSync(dir), []);
});
