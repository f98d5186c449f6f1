import fc from "fast-check";
import t from "tap";
import { createLanes } from "../../tools/migration/integrity/lanes/lanes.ts";
import { parseUuid } from "../../tools/migration/integrity/uuid-words.ts";

const ROOM = 65_536;
const [WORDS, PLACES, MOST] = [0, 1024, 16];
const lanes = createLanes(ROOM);
const memory = Buffer.from(lanes.memory, lanes.free, ROOM);

/** What the lanes take, said another way. */
const LINE =
  /^\{"legacyId":"([^"\\\0-\x1f]+)","targetUuid":"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})","version":[1-9][0-9]{0,14}\}$/;

const hex = fc.constantFrom(..."0123456789abcdef");
const digits = (length: number): fc.Arbitrary<string> => fc.string({ unit: hex, minLength: length, maxLength: length });
const uuid = fc.tuple(digits(8), digits(4), digits(4), digits(4), digits(12)).map((parts) => parts.join("-"));
const legacyId = fc.oneof(
  {
    weight: 60,
    arbitrary: fc.string({ unit: fc.constantFrom("a", "b", "0", "ü", "€", "\u007f"), minLength: 1, maxLength: 40 }),
  },
  { weight: 20, arbitrary: fc.string({ unit: fc.constantFrom("a", "b"), minLength: 14, maxLength: 18 }) },
  { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom("a", '"', "\\", "\u001f", "\n"), maxLength: 20 }) },
);
const version = fc.oneof(
  { weight: 60, arbitrary: fc.constant("1") },
  {
    weight: 1,
    arbitrary: fc.constantFrom("0", "01", "9", "42", "123456789012345", "1234567890123456", "", "1.5", "-1", "1e1"),
  },
);
/** One byte of a line becomes another one. */
const damage = fc.oneof(
  { weight: 40, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })) },
);
const entry = fc.record({ legacyId, uuid, version, damage });
const entries = fc.array(entry, { maxLength: 20 });

function lineOf(one: { legacyId: string; uuid: string; version: string; damage: [number, number] | null }): Buffer {
  const line = Buffer.from(`{"legacyId":"${one.legacyId}","targetUuid":"${one.uuid}","version":${one.version}}`);
  if (one.damage !== null && one.damage[1] !== 10) line[one.damage[0] % line.length] = one.damage[1];
  return line;
}

for (const [name, end] of [
  ["an array", ",\n"],
  ["lines", "\n"],
] as const) {
  t.test(`the entries of ${name} are read up to the first that is another, ascending from the last one`, async () => {
    let taken = 0;
    await fc.assert(
      fc.property(legacyId, entries, fc.boolean(), fc.nat(200), (before, unsorted, sorted, cut) => {
        const list = [...unsorted];
        if (sorted) list.sort((a, b) => Buffer.compare(Buffer.from(a.legacyId), Buffer.from(b.legacyId)));
        const lines = list.map(lineOf);
        memory.fill(0xee);
        let at = 4096;
        const lastAt = at;
        at += memory.write(sorted ? " " : before, at);
        const lastEnd = at;
        const from = at + 7;
        at = from;
        for (const line of lines) {
          at += line.copy(memory, at);
          at += memory.write(end, at);
        }
        // Sometimes the bytes end in the middle of a line.
        const to = cut < 20 ? Math.max(from, at - cut) : at;
        const found = expected(memory.subarray(lastAt, lastEnd), from, to);
        const count = lanes.registryEntries(
          lanes.free + from,
          lanes.free + to,
          lanes.free + lastAt,
          lanes.free + lastEnd,
          lanes.free + WORDS,
          lanes.free + PLACES,
          MOST,
          end.charCodeAt(0),
        );
        taken += count;
        return count === found.length && found.every((one, index) => isTold(one, index));
      }),
      { numRuns: 3000 },
    );
    if (taken < 3000) throw new Error(`only ${taken} entries were read`);
  });

  function expected(last: Buffer, from: number, to: number): { begin: number; end: number; uuid: string }[] {
    const found: { begin: number; end: number; uuid: string }[] = [];
    let before = last;
    for (let at = from; at < to && found.length < MOST; ) {
      const lf = memory.indexOf(10, at);
      if (lf < 0 || lf >= to || (end === ",\n" && memory[lf - 1] !== 0x2c)) break;
      const line = memory.toString("latin1", at, lf + 1 - end.length);
      const match = LINE.exec(line);
      if (match === null) break;
      const [, id = "", own = ""] = match;
      const begin = at + 13;
      const bytes = memory.subarray(begin, begin + id.length);
      if (Buffer.compare(before, bytes) >= 0) break;
      found.push({ begin, end: begin + id.length, uuid: own });
      before = bytes;
      at = lf + 1;
    }
    return found;
  }
}

function isTold(one: { begin: number; end: number; uuid: string }, index: number): boolean {
  const words = new Uint32Array(4);
  if (!parseUuid(one.uuid, words)) return false;
  return (
    words.every((word, at) => memory.readUInt32LE(WORDS + 16 * index + 4 * at) === word) &&
    memory.readUInt32LE(PLACES + 8 * index) === lanes.free + one.begin &&
    memory.readUInt32LE(PLACES + 8 * index + 4) === lanes.free + one.end
  );
}
