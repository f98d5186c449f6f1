import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import t from "tap";
import { parseStrict } from "../../tools/migration/integrity/strict-parse.ts";
import { readEntries } from "../../tools/migration/registry/read-entries.ts";
import { thrown } from "../helpers/registry.ts";

const BLOCK_SIZES = [1, 2, 7, 65_536];

function write(dir: string, text: string | Uint8Array, name = "kunden.json"): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

function values(path: string, blockSizeBytes = 65_536): unknown[] {
  return [...readEntries(path, { blockSizeBytes })].map(({ value }) => (value.ok ? value.value : value.reason));
}

t.test("an array in any formatting gives the same entries with every block size", async (t) => {
  const array = [{ legacyId: 'a"],\\', targetUuid: "ü€😀" }, [[{}], []], "],", 12.5, null, {}];
  const dir = t.testdir();
  for (const text of [
    JSON.stringify(array),
    JSON.stringify(array, undefined, 2),
    ` \r\n${JSON.stringify(array)}\t\n`,
  ]) {
    const path = write(dir, text);
    for (const size of BLOCK_SIZES) t.strictSame(values(path, size), array, `blocks of ${size}`);
  }
  t.strictSame(values(write(dir, "[]")), []);
  t.strictSame(values(write(dir, "[\n]\n"), 1), []);
});

t.test("lines give the same entries as an array, and an empty file none", async (t) => {
  const dir = t.testdir();
  const path = write(dir, '{"a":"\\n"}\n {"b":2} \r\n3\n', "kunden.jsonl");
  for (const size of BLOCK_SIZES) t.strictSame(values(path, size), [{ a: "\n" }, { b: 2 }, 3], `blocks of ${size}`);
  t.strictSame(values(write(dir, "", "leer.jsonl")), []);
});

t.test("index, line and byte offset name where an element begins", async (t) => {
  const dir = t.testdir();
  const path = write(dir, '[\n  "ü",\n  {"a":\n 1}, 7\n]');
  for (const size of BLOCK_SIZES) {
    const places = [...readEntries(path, { blockSizeBytes: size })].map((found) => [
      found.index,
      found.line,
      found.offset,
    ]);
    t.strictSame(places, [
      [0, 2, 4],
      [1, 3, 12],
      [2, 4, 23],
    ]);
  }
  const lines = write(dir, '"ü"\n"b"\n', "kunden.jsonl");
  const places = [...readEntries(lines, { blockSizeBytes: 1 })].map((found) => [found.index, found.line, found.offset]);
  t.strictSame(places, [
    [0, 1, 0],
    [1, 2, 5],
  ]);
});

const BROKEN: readonly [string, string | Uint8Array, RegExp][] = [
  ["an empty file", "", /byte 0: expected the "\[" of a JSON array, got the end of the file/],
  ["an object", "{}", /byte 0: expected the "\[" of a JSON array, got "\{"/],
  ["a byte order mark", "\ufeff[]", /byte 0: .*got byte 0xef/],
  ["trailing garbage", "[1] x", /byte 4: expected the end of the file, got byte 0x78/],
  ["a second array", "[1][2]", /byte 3: expected the end of the file, got "\["/],
  ["a file torn after an entry", "[1", /byte 2: expected "," or "\]" after an entry, got the end of the file/],
  ["a file torn in a string", '["ab', /byte 4: expected .* got the end of the file/],
  ["a file torn after a comma", "[1,\n", /byte 4: expected an entry, got the end of the file/],
  ["a file torn at once", "[", /byte 1: expected an entry or "\]", got the end of the file/],
  ["a trailing comma", "[1,]", /byte 3: expected an entry, got "\]"/],
  ["a comma too many", "[1,,2]", /byte 3: expected an entry, got ","/],
  ["a comma missing", '["ü" 2]', /byte 6: expected the end of the text, got a digit/],
  ["brackets that do not match", "[{]}]", /byte 2: expected a key in quotes, got '\]'/],
  ["a closing brace too many", "[1}]", /byte 2: expected the end of the text, got '\}'/],
  ["a word that is no JSON", "[maria]", /byte 1: expected a JSON value, got a letter/],
  ["bytes that are not UTF-8", Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]), /byte 1: expected an entry in UTF-8/],
  ["an overlong encoding", Buffer.from([0x5b, 0x22, 0xc0, 0x80, 0x22, 0x5d]), /byte 1: expected an entry in UTF-8/],
];

for (const [name, content, message] of BROKEN) {
  t.test(`${name} is refused with the place and the next command`, async (t) => {
    const path = write(t.testdir(), content);
    for (const blockSizeBytes of BLOCK_SIZES) {
      const error = thrown(() => [...readEntries(path, { blockSizeBytes, file: "migration/mapping/kunden.json" })]);
      t.equal(error.code, "REGISTRY_INVALID");
      t.match(error.message, message);
      t.match(error.message, "migration/mapping/kunden.json");
      t.notMatch(error.message, /maria|ab/);
      t.match(error.remedy, "candor registry check kunden");
    }
  });
}

t.test("lines that are torn or blank are refused", async (t) => {
  const dir = t.testdir();
  const torn = thrown(() => values(write(dir, "1\n2", "kunden.jsonl"), 1));
  t.match(torn, {
    code: "REGISTRY_INVALID",
    message: /byte 3: expected LF after the last line, got the end of the file/,
  });
  const blank = thrown(() => values(write(dir, "1\n\n2\n", "kunden.jsonl")));
  t.match(blank, { code: "REGISTRY_INVALID", message: /byte 2: expected a JSON value/ });
  const two = thrown(() => values(write(dir, "1 2\n", "kunden.jsonl")));
  t.match(two, { code: "REGISTRY_INVALID", message: /byte 2: expected the end of the text/ });
});

t.test("JSON outside the strict profile is handed on with its reason", async (t) => {
  const path = write(t.testdir(), '[{"a":1,"a":2},"\\ud800",9007199254740993,4]');
  for (const size of BLOCK_SIZES) t.strictSame(values(path, size), ["DUPLICATE_KEY", "SURROGATE", "NUMBER", 4]);
});

t.test("an element or line above 16 MiB is refused before it is held whole", async (t) => {
  const dir = t.testdir();
  const limit = 16 * 1024 * 1024;
  const text = (bytes: number) => `"${"x".repeat(bytes - 2)}"`;
  t.strictSame(values(write(dir, `[${text(limit)}]`)).length, 1);
  t.match(
    thrown(() => values(write(dir, `[1,${text(limit + 1)}]`))),
    { code: "REGISTRY_INVALID", message: /byte 3: expected an entry of at most 16777216 bytes/ },
  );
  t.strictSame(values(write(dir, `${text(limit)}\n`, "kunden.jsonl")).length, 1);
  t.match(
    thrown(() => values(write(dir, `${text(limit + 1)}\n`, "kunden.jsonl"))),
    { code: "REGISTRY_INVALID", message: /byte 0: expected a line of at most/ },
  );
});

t.test("a missing file names the command that makes it, and a folder is no file", async (t) => {
  const dir = t.testdir();
  const missing = thrown(() => values(join(dir, "kunden.json")));
  t.match(missing, { code: "REGISTRY_MISSING", remedy: "candor registry generate kunden" });
  t.notMatch(missing.message, dir);
  t.match(
    thrown(() => values(dir)),
    { code: "IO", message: /EISDIR/ },
  );
});

t.test(
  "the file is closed after the end, an error, or when the reader stops",
  { skip: existsSync("/proc/self/fd") ? false : "no /proc here" },
  async (t) => {
    const dir = t.testdir();
    const open = () => readdirSync("/proc/self/fd").length;
    const before = open();
    const path = write(dir, "[1,2,3]");
    values(path);
    for (const found of readEntries(path)) if (found.index === 1) break;
    thrown(() => values(write(dir, "[1,", "torn.json")));
    thrown(() => values(dir));
    t.equal(open(), before);
  },
);

t.test("any JSON array is read as JSON.parse reads it", async (t) => {
  const dir = t.testdir();
  const json = fc.array(fc.jsonValue({ maxDepth: 3 }).filter((value) => parseStrict(JSON.stringify(value)).ok));
  await fc.assert(
    fc.property(json, fc.constantFrom(0, 1, "\t"), fc.integer({ min: 1, max: 40 }), (array, indent, size) => {
      const text = JSON.stringify(array, undefined, indent);
      assert.deepEqual(JSON.stringify(values(write(dir, text), size)), JSON.stringify(array));
    }),
  );
});
