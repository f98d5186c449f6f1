import fc from "fast-check";
import t from "tap";
import { entityLine } from "../../tools/migration/integrity/digest.ts";
import { createLanes } from "../../tools/migration/integrity/lanes/lanes.ts";
import { uuidText } from "../../tools/migration/integrity/uuid-words.ts";

const LINE_BYTES = 122;
const [WORDS, TEXTS] = [0, 1024];
const lanes = createLanes(16_384);
const memory = Buffer.from(lanes.memory, lanes.free, 16_384);

const word = fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(0, 0x0a0a0a0a, 2 ** 32 - 1));
const anyIds = fc.array(fc.tuple(word, word, word, word), { minLength: 1, maxLength: 12 });

function place(ids: readonly (readonly number[])[]): void {
  memory.fill(0xee);
  ids.forEach((words, line) => {
    memory.write(`${entityLine(uuidText(Uint32Array.from(words)), "ab".repeat(32))}\n`, TEXTS + LINE_BYTES * line);
  });
}

t.test("the ids of lines of entities.jsonl become words, and nothing else is written", async () => {
  await fc.assert(
    fc.property(anyIds, (ids) => {
      place(ids);
      const before = Buffer.from(memory);
      ids.flat().forEach((value, at) => {
        before.writeUInt32LE(value, WORDS + 4 * at);
      });
      return lanes.ids(lanes.free + TEXTS, lanes.free + WORDS, ids.length) === 0 && memory.equals(before);
    }),
    { numRuns: 300 },
  );
});

t.test("every byte but those of the digest is looked at, in every line, and each as such a line has it", (t) => {
  const ids = [1, 2, 3].map((line) => [0x01234567, 0x89abcdef, 0xfedcba98, line]);
  for (let line = 0; line < ids.length; line += 1) {
    for (let at = 0; at < LINE_BYTES; at += 1) {
      place(ids);
      const own = memory[TEXTS + LINE_BYTES * line + at] ?? 0;
      const isDigest = at >= 55 && at < 119;
      const isDigit = at >= 7 && at < 43 && ![15, 20, 25, 30].includes(at);
      for (let byte = 0; byte < 256; byte += 1) {
        memory[TEXTS + LINE_BYTES * line + at] = byte;
        const isRight = isDigest || byte === own || (isDigit && /[0-9a-f]/.test(String.fromCharCode(byte)));
        const isTaken = lanes.ids(lanes.free + TEXTS, lanes.free + WORDS, ids.length) === 0;
        if (isTaken !== isRight) t.fail(`line ${line}, byte ${at}: ${byte} is ${isTaken ? "" : "not "}taken`);
      }
    }
  }
  t.end();
});
