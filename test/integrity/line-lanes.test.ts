import fc from "fast-check";
import t from "tap";
import { entityLine } from "../../tools/migration/integrity/digest.ts";
import { createLanes } from "../../tools/migration/integrity/lanes/lanes.ts";
import { uuidText } from "../../tools/migration/integrity/uuid-words.ts";

const LINE_BYTES = 122;
const [LIST, DIGESTS, TEXTS, LINES] = [0, 1024, 4096, 16_384];
const ROOM = 65_536;

const lanes = createLanes(ROOM);
const memory = Buffer.from(lanes.memory, lanes.free, ROOM);
const list = new Int32Array(lanes.memory, lanes.free + LIST, 64);
const EMPTY = Buffer.from(`${entityLine("0".repeat(36), "0".repeat(64))}\n`, "latin1");

const word = fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(0, 0x0a0a0a0a, 2 ** 32 - 1));
const anyLine = fc.record({
  gap: fc.nat(20),
  words: fc.tuple(word, word, word, word),
  content: fc.uint8Array({ maxLength: 700, size: "max" }),
  digest: fc.uint8Array({ minLength: 32, maxLength: 32 }),
});
const anyLines = fc.array(anyLine, { minLength: 1, maxLength: 12 });

/** Puts lines into the memory, the last of them first, each behind the words of its id; lists them in their order. */
function place(lines: readonly { gap: number; words: number[]; content: Uint8Array; digest: Uint8Array }[]): number {
  let at = LINES;
  memory.fill(0xee);
  for (const [rank, { gap, words, content, digest }] of [...lines.entries()].reverse()) {
    at += gap;
    for (const one of words) at = memory.writeUInt32LE(one, at);
    list.set([lanes.free + at, content.length], 2 * rank);
    memory.set(content, at);
    memory.set(digest, DIGESTS + 32 * rank);
    at += content.length;
  }
  return at;
}

t.test("lines from anywhere lie one behind the other, each with its LF, and nothing else is written", async () => {
  await fc.assert(
    fc.property(anyLines, fc.nat(40), (lines, gap) => {
      const to = place(lines) + gap;
      const before = Buffer.from(memory);
      lanes.gather(lanes.free + LIST, lines.length, lanes.free + to);
      const expected = Buffer.concat(lines.flatMap(({ content }) => [content, Buffer.of(10)]));
      before.set(expected, to);
      return memory.equals(before);
    }),
    { numRuns: 300 },
  );
});

t.test("lines of entities.jsonl get the ids and digests of lines, and nothing else is written", async () => {
  await fc.assert(
    fc.property(anyLines, fc.nat(40), (lines, gap) => {
      place(lines);
      const texts = TEXTS + gap;
      for (let line = 0; line < lines.length; line += 1) EMPTY.copy(memory, texts + LINE_BYTES * line);
      const before = Buffer.from(memory);
      lanes.entities(lanes.free + LIST, lanes.free + DIGESTS, lanes.free + texts, lines.length);
      const expected = lines.map(({ words, digest }) => {
        return `${entityLine(uuidText(Uint32Array.from(words)), Buffer.from(digest).toString("hex"))}\n`;
      });
      before.write(expected.join(""), texts, "latin1");
      return memory.equals(before);
    }),
    { numRuns: 300 },
  );
});

t.test("every bit of an id and of a digest is told", (t) => {
  for (let bit = 0; bit < 384; bit += 1) {
    const bytes = Buffer.alloc(48);
    bytes[bit >>> 3] = 1 << (bit & 7);
    const words = [0, 4, 8, 12].map((at) => bytes.readUInt32LE(at));
    place([{ gap: 0, words, content: new Uint8Array(1), digest: bytes.subarray(16) }]);
    EMPTY.copy(memory, TEXTS);
    lanes.entities(lanes.free + LIST, lanes.free + DIGESTS, lanes.free + TEXTS, 1);
    const text = memory.toString("latin1", TEXTS, TEXTS + LINE_BYTES - 1);
    const expected = entityLine(uuidText(Uint32Array.from(words)), bytes.toString("hex", 16));
    if (text !== expected) t.fail(`bit ${bit}`);
  }
  t.end();
});
