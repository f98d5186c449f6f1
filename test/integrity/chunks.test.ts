import { createHash } from "node:crypto";
import * as fc from "fast-check";
import t from "tap";
import { canonicalize } from "../../tools/migration/integrity/canonical.ts";
import {
  ChunkCutter,
  type ChunkRecord,
  chunkLine,
  findChunkGap,
  isChunkEnd,
  parseChunkLine,
} from "../../tools/migration/integrity/chunks.ts";
import { entityLine } from "../../tools/migration/integrity/digest.ts";
import { hasExactKeys, isCount, isSha256Hex } from "../../tools/migration/integrity/record-form.ts";
import { parseStrict } from "../../tools/migration/integrity/strict-parse.ts";
import type { JsonValue } from "../../tools/migration/model/json.ts";
import { UUID } from "../../tools/migration/model/module.ts";
import { anyUuid } from "../helpers/arbitraries.ts";

interface Entity {
  readonly id: string;
  readonly sha: string;
  readonly line: string;
}

function hex(data: string): string {
  return createHash("sha256").update(data).digest("hex");
}

function cut(entities: readonly Entity[], cutter = new ChunkCutter()): ChunkRecord[] {
  const records = entities.map(({ id, sha, line }) => cutter.add(id, sha, Buffer.from(line)));
  return [...records, cutter.end()].filter((record) => record !== undefined);
}

// One entity in three ends a chunk, where real ones do so once in 4096.
const entity: fc.Arbitrary<Entity> = fc.record({
  id: anyUuid,
  sha: fc
    .tuple(fc.stringMatching(/^[0-9a-f]{61}$/), fc.constantFrom("000", "001", "f00"))
    .map((parts) => parts.join("")),
  line: fc.string({ unit: "binary", maxLength: 20 }),
});

t.test("law: chunks follow from the content alone, are gapless, and hash the bytes they name", async () => {
  await fc.assert(
    fc.property(fc.array(entity, { maxLength: 40 }), (entities) => {
      const data = Buffer.from(entities.map(({ line }) => `${line}\n`).join(""));
      const lines = Buffer.from(entities.map(({ id, sha }) => `${entityLine(id, sha)}\n`).join(""));
      const records = cut(entities);
      return records.every((record, at) => {
        const members = entities.slice(record.index, record.index + record.count);
        const ends = members.map(({ sha }) => sha.endsWith("000"));
        const isLast = at === records.length - 1;
        return (
          findChunkGap(records[at - 1], record) === undefined &&
          ends.lastIndexOf(true, -2) === -1 &&
          (isLast ? record.index + record.count === entities.length : ends.at(-1) === true) &&
          record.first === members[0]?.id &&
          record.last === members.at(-1)?.id &&
          [data, lines].every((bytes, which) => {
            const { offset, bytes: size, sha256 } = which === 0 ? record.data : record.entities;
            return (
              createHash("sha256")
                .update(bytes.subarray(offset, offset + size))
                .digest("hex") === sha256
            );
          })
        );
      });
    }),
  );
});

t.test("law: cutting can start at any chunk and comes to the same records", async () => {
  await fc.assert(
    fc.property(fc.array(entity, { maxLength: 40 }), fc.nat(), (entities, pick) => {
      const records = cut(entities);
      const from = records[pick % Math.max(records.length, 1)];
      if (from === undefined) return records.length === 0;
      const cutter = new ChunkCutter({ index: from.index, dataOffset: from.data.offset });
      return (
        JSON.stringify(cut(entities.slice(from.index), cutter)) === JSON.stringify(records.slice(records.indexOf(from)))
      );
    }),
  );
});

t.test("a chunk ends at 65 536 entities", async (t) => {
  const cutter = new ChunkCutter();
  const line = Buffer.from("{}");
  const id = "00000000-0000-0000-0000-000000000000";
  const ended: number[] = [];
  for (let index = 0; index < 65_537; index++) {
    if (cutter.add(id, hex("no end"), line) !== undefined) ended.push(index);
  }
  t.strictSame(ended, [65_535]);
  t.match(cutter.end(), { count: 1, index: 65_536, data: { offset: 3 * 65_536 }, entities: { offset: 122 * 65_536 } });
  t.equal(cutter.end(), undefined);
});

t.test("a chunk ends when its data reaches 64 MiB, line feeds included", async (t) => {
  const id = "00000000-0000-0000-0000-000000000000";
  const mebibyte = Buffer.alloc(1024 * 1024 - 1, "a");
  const exact = new ChunkCutter();
  const ended = Array.from({ length: 64 }, () => exact.add(id, hex("no end"), mebibyte)).findIndex(
    (record) => record !== undefined,
  );
  t.equal(ended, 63);
  t.equal(isChunkEnd(hex("no end"), 1, 64 * 1024 * 1024 - 1), false);
  t.equal(isChunkEnd(hex("no end"), 1, 64 * 1024 * 1024), true);
  t.equal(isChunkEnd("f".repeat(61) + "000", 1, 1), true);
  t.equal(isChunkEnd("f".repeat(62) + "00", 65_535, 1), false);
});

const id = "00000000-0000-5000-8000-000000000001";
const record: ChunkRecord = {
  last: id,
  index: 0,
  first: id,
  count: 2,
  entities: { sha256: hex("b"), offset: 0, bytes: 244 },
  data: { sha256: hex("a"), offset: 0, bytes: 10 },
};
const text = `{"count":2,"data":{"bytes":10,"offset":0,"sha256":"${hex("a")}"},"entities":{"bytes":244,"offset":0,"sha256":"${hex("b")}"},"first":"${id}","index":0,"last":"${id}"}`;

t.test("a chunk line is JCS and is read back in its exact form only", async (t) => {
  t.equal(chunkLine(record), text);
  t.strictSame(parseChunkLine(text), record);
  const wrong = [
    `${text}\n`,
    ` ${text}`,
    text.replace('"count":2', '"count":0'),
    text.replace('"count":2', '"count":-2'),
    text.replace('"count":2', '"count":2.5'),
    text.replace('"count":2', '"count":"2"'),
    text.replace('"count":2', '"count":2.0'),
    text.replace('"count":2,', ""),
    text.replace('"count":2', '"count":2,"crc":1'),
    text.replace('"offset":0', '"offset":0,"x":1'),
    text.replace('"bytes":10', '"bytes":0'),
    text.replace(hex("a"), hex("a").toUpperCase()),
    text.replace(id, id.replace("5000", "500G")),
    text.replace('"data":{', '"data":[{').replace('},"entities"', '}],"entities"'),
    "[]",
    "",
  ];
  for (const [at, line] of wrong.entries()) t.equal(parseChunkLine(line), undefined, `wrong form ${at}`);
});

t.test("a gap is told with expected and got", async (t) => {
  const next = {
    ...record,
    index: 2,
    data: { ...record.data, offset: 10 },
    entities: { ...record.entities, offset: 244 },
  };
  t.equal(findChunkGap(undefined, record), undefined);
  t.equal(findChunkGap(record, next), undefined);
  t.equal(findChunkGap(undefined, next), "index: expected 0, got 2");
  t.equal(findChunkGap(record, { ...next, index: 3 }), "index: expected 2, got 3");
  t.equal(findChunkGap(record, { ...next, data: { ...next.data, offset: 9 } }), "data.offset: expected 10, got 9");
  t.equal(
    findChunkGap(record, { ...next, entities: { ...next.entities, offset: 0 } }),
    "entities.offset: expected 244, got 0",
  );
  t.equal(findChunkGap(record, { ...next, count: 1 }), "entities.bytes: expected 122, got 244");
});

const size = fc.oneof(
  fc.nat(),
  fc.maxSafeInteger().map(Math.abs),
  fc.constantFrom(0, 1, 2 ** 53 - 1, 2 ** 53, 2 ** 60),
);
const span = fc.record({ bytes: size, offset: size, sha256: fc.stringMatching(/^[0-9a-f]{64}$/) });
const anyRecord: fc.Arbitrary<ChunkRecord> = fc.record({
  count: size,
  data: span,
  entities: span,
  first: anyUuid,
  index: size,
  last: anyUuid,
});

/** The same by way of the general parser: exactly the canonical texts of records. */
function isRecordText(line: string): boolean {
  const parsed = parseStrict(line);
  if (!parsed.ok || !hasExactKeys(parsed.value, ["count", "data", "entities", "first", "index", "last"])) return false;
  const { count, data, entities, first, index, last } = parsed.value;
  const areSpans = [data, entities].every(
    (value) =>
      hasExactKeys(value, ["bytes", "offset", "sha256"]) &&
      isCount(value.bytes) &&
      value.bytes > 0 &&
      isCount(value.offset) &&
      isSha256Hex(value.sha256),
  );
  const areIds = [first, last].every((value) => typeof value === "string" && UUID.test(value));
  const isForm = areSpans && areIds && isCount(count) && count > 0 && isCount(index);
  return isForm && canonicalize(parsed.value) === line;
}

t.test("law: a chunk line is what canonical JSON makes of its record, and nothing else is read", async () => {
  await fc.assert(
    fc.property(anyRecord, fc.nat(), fc.constantFrom("", "0", " ", "-", "1", '"', "e0", ".0"), (record, at, put) => {
      const line = chunkLine(record);
      const sizes = [record.count, record.index, record.data, record.entities].flatMap((one) =>
        typeof one === "number" ? [one] : [one.bytes, one.offset],
      );
      if (sizes.every(Number.isSafeInteger) && line !== canonicalize(record as unknown as JsonValue)) return false;
      // The same line, and one with something put into it.
      const place = at % (line.length + 1);
      return [line, line.slice(0, place) + put + line.slice(place)].every((text) => {
        const read = parseChunkLine(text);
        return read === undefined ? !isRecordText(text) : isRecordText(text) && chunkLine(read) === text;
      });
    }),
    { numRuns: 2000 },
  );
});
