import { Buffer, isUtf8 } from "node:buffer";
import * as fc from "fast-check";
import t from "tap";
import { compileMatcher, type LineMatcher } from "../../tools/migration/compiled/matcher.ts";
import { MATCHER_BYTES, MatcherRoom } from "../../tools/migration/compiled/matcher-room.ts";
import { uuidText } from "../../tools/migration/integrity/uuid-words.ts";
import { createMemory } from "../../tools/migration/integrity/wasm/wasm-memory.ts";
import type { ModuleDefinition } from "../../tools/migration/model/module.ts";
import { captured, lineOf } from "../helpers/line-authority.ts";
import { anyModule, moduleOf } from "../helpers/schemas.ts";

const [IDS, ENDS, BASE] = [16, 4096, 8192];
const BLOCK_BYTES = 1024 * 1024;

/** A matcher, and a run of lines in its memory. */
class Run {
  readonly matcher: LineMatcher;
  readonly bytes: Buffer;
  readonly begins: number[] = [];
  readonly ends: Int32Array;
  readonly ids: Uint32Array;

  constructor(module: ModuleDefinition) {
    const memory = createMemory(BLOCK_BYTES + MATCHER_BYTES);
    const matcher = compileMatcher(module, new MatcherRoom(memory, BLOCK_BYTES));
    if (matcher === undefined) throw new Error(`not compiled: ${JSON.stringify(module.schema)}`);
    this.matcher = matcher;
    this.bytes = Buffer.from(memory.buffer);
    this.ends = new Int32Array(memory.buffer, ENDS, 1000);
    this.ids = new Uint32Array(memory.buffer, IDS, 1000);
  }

  /** Puts lines one behind the other; their ids are those that `match` finds. */
  put(lines: readonly Buffer[]): void {
    let at = BASE + 5;
    this.begins.length = 0;
    lines.forEach((line, index) => {
      this.begins.push(at);
      at += line.copy(this.bytes, at);
      this.ends[index] = at - BASE;
      this.bytes[at] = 0x0a;
      at += 1;
    });
  }

  alone(index: number): { readonly id: string; readonly references: string[] } | undefined {
    const begin = this.begins[index] ?? 0;
    const end = BASE + (this.ends[index] ?? 0);
    const line = Buffer.from(this.bytes.subarray(begin, end));
    const accepts = this.matcher.match(line, 0, line.length);
    if (accepts !== this.matcher.match(this.bytes, begin, end)) throw new Error("another answer in place");
    if (!accepts) return undefined;
    this.ids.set(this.matcher.id, 4 * index);
    return captured(this.matcher);
  }

  from(index: number, count: number): number {
    const from = this.begins[index] ?? 0;
    return this.matcher.matchAll({ from, ends: ENDS + 4 * index, base: BASE, count, ids: IDS + 16 * index });
  }

  /** References of the lines that were accepted last, by line. */
  references(): string[][] {
    const { refCount, refFields, refLines, refs } = this.matcher;
    const found: string[][] = [];
    for (let at = 0; at < refCount; at += 1) {
      const own = found[refLines[at] ?? 0] ?? [];
      own.push(`${refFields[at]} ${uuidText(refs.subarray(4 * at, 4 * at + 4))}`);
      found[refLines[at] ?? 0] = own;
    }
    return found;
  }
}

t.test("lines that follow each other are taken as each of them alone, up to the first that is not", async (t) => {
  const runs = anyModule.chain(({ module, entity }) =>
    fc.record({
      module: fc.constant(module),
      entities: fc.array(entity, { minLength: 1, maxLength: 12 }),
      damage: fc.oneof(fc.constant(undefined), fc.record({ line: fc.nat(11), at: fc.nat(400), byte: fc.nat(255) })),
      first: fc.nat(3),
      wrongId: fc.oneof({ weight: 3, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: fc.nat(11) }),
    }),
  );
  let [stopped, all] = [0, 0];
  await fc.assert(
    fc.property(runs, ({ module, entities, damage, first, wrongId }) => {
      const run = new Run(module);
      const lines = entities.map(lineOf);
      const hit = damage && lines[damage.line];
      if (hit && damage.byte !== 0x0a) hit[damage.at % hit.length] = damage.byte;
      // The caller has looked at the block.
      if (!lines.every((line) => isUtf8(line))) return;
      run.put(lines);
      const alone = lines.map((_, index) => run.alone(index));
      const from = first % lines.length;
      if (wrongId >= from && wrongId < lines.length) {
        run.ids[4 * wrongId + 3] = (run.ids[4 * wrongId + 3] ?? 0) ^ 1;
        alone[wrongId] = undefined;
      }
      const expected = alone.slice(from);
      const bad = expected.indexOf(undefined);
      const count = bad < 0 ? expected.length : bad;
      if (run.from(from, expected.length) !== count) throw new Error(`not ${count} of ${expected.length}`);
      if (bad < 0) all += 1;
      else stopped += 1;
      const references = run.references();
      expected.slice(0, count).forEach((one, line) => {
        const own = [...(references[line] ?? [])].sort();
        if (own.join() !== one?.references.join()) throw new Error(`references of line ${line}`);
      });
      if (references.length > count) throw new Error("references of a line that is not accepted");
    }),
    { numRuns: 300, endOnFailure: true },
  );
  t.comment(`${all} runs to the end, ${stopped} not`);
  t.ok(all > 40 && stopped > 40, "of both there are enough");
});

t.test("where references are too many for one call, the next one goes on", (t) => {
  const friends = { type: "array", items: { type: "string", format: "uuid", ref: "friends", pii: 1 } };
  const module = moduleOf({
    type: "object",
    additionalProperties: false,
    required: ["id", "schemaVersion", "friends"],
    properties: {
      friends,
      id: { type: "string", format: "uuid", pii: 0 },
      schemaVersion: { type: "integer", minimum: 1, pii: 0 },
    },
  });
  const run = new Run(module);
  const entity = { friends: new Array<string>(1000).fill("00000000-0000-4000-8000-00000000000a"), schemaVersion: 1 };
  run.put(Array.from({ length: 9 }, (_, at) => lineOf({ ...entity, id: `00000000-0000-4000-8000-00000000000${at}` })));
  for (let at = 0; at < 9; at += 1) t.ok(run.alone(at), `line ${at}`);
  for (const [from, count] of [
    [0, 4],
    [4, 4],
    [8, 1],
  ] as const) {
    t.equal(run.from(from, 9 - from), count);
    t.equal(run.matcher.refCount, 1000 * count);
  }
  t.end();
});

t.test("what invariants ask of a line is not what the line before had", (t) => {
  const text = { type: "string", pii: 1 };
  const schema = {
    type: "object",
    additionalProperties: false,
    required: ["id", "schemaVersion"],
    properties: { id: { type: "string", format: "uuid" }, schemaVersion: { type: "integer" }, x: text, y: text },
  };
  const head = { id: "0188f0e0-0000-7000-8000-0123456789ab", schemaVersion: 1 };
  const lines = [{ ...head, x: "a" }, { ...head, y: "a" }, head].map(lineOf);
  for (const [rule, accepted] of [
    ["atMostOneOf", 3],
    ["exactlyOneOf", 2],
    ["atLeastOneOf", 2],
  ] as const) {
    const invariant = {
      name: rule,
      rule,
      fields: ["x", "y"],
      value: undefined,
      message: rule,
      severity: "BLOCKER",
    } as const;
    const run = new Run(moduleOf(schema, [invariant]));
    run.put(lines);
    for (let at = 0; at < lines.length; at += 1) run.ids.set(run.matcher.id, 4 * at);
    for (let at = 0; at < lines.length; at += 1) run.alone(at);
    run.ids.copyWithin(8, 0, 4);
    t.equal(run.from(0, lines.length), accepted, rule);
  }
  t.end();
});
