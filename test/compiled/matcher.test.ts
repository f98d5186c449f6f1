import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import t from "tap";
import { compileMatcher } from "../../tools/migration/compiled/matcher.ts";
import { loadProject } from "../../tools/migration/config/project.ts";
import type { JsonObject, JsonValue } from "../../tools/migration/model/json.ts";
import { Authority, assertSound, captured, compiled, isPlain, lineOf } from "../helpers/line-authority.ts";
import { anyModule, moduleOf } from "../helpers/schemas.ts";

const HOSTILE = ['"', "\\", "{", "}", ",", '","x":"', "0", "\n", "]", "1}", '\\"', "a", "é"];
const BYTES = [0x00, 0x0a, 0x1f, 0x20, 0x22, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f, 0x30, 0x31, 0x39, 0x3a, 0x40, 0x41, 0x5a];
const MORE_BYTES = [0x5b, 0x5c, 0x5d, 0x61, 0x65, 0x66, 0x67, 0x6e, 0x75, 0x7b, 0x7d, 0x7f, 0x80, 0xc3, 0xff];

// Every step would compile two validators anew; the message of a failure holds the line.
const NO_SHRINKING = { endOnFailure: true };

const odd = fc.oneof<fc.Arbitrary<JsonValue>[]>(
  fc.constantFrom<JsonValue>(
    null,
    true,
    0,
    -1,
    1.5,
    1e21,
    2,
    "",
    "a",
    "2024-02-30",
    "23:59:60Z",
    [],
    {},
    [null],
    "ü@b.de",
  ),
  fc.constantFrom<JsonValue>("DE89370400440532013000", "+49 30 901820", "mail a@b.de", "4111 1111 1111 1111"),
  fc.string({ unit: "binary", maxLength: 9 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => Math.abs(value) < 2 ** 53),
);

const lines = anyModule.chain(({ module, entity }) =>
  fc.record({
    module: fc.constant(module),
    entities: fc.array(entity, { minLength: 5, maxLength: 5 }),
    changes: fc.array(
      fc.record({
        entity: fc.nat(4),
        at: fc.double({ min: 0, max: 0.999, noNaN: true }),
        byte: fc.oneof(fc.constantFrom(...BYTES, ...MORE_BYTES), fc.nat(255)),
        kind: fc.constantFrom("replace", "insert", "remove", "truncate"),
      }),
      { minLength: 40, maxLength: 40 },
    ),
    oddities: fc.array(fc.tuple(fc.nat(4), fc.nat(20), odd), { minLength: 10, maxLength: 10 }),
  }),
);

/** The entity once for each of its arrays, with the elements of that array twice. */
function doubled(entity: JsonObject): JsonObject[] {
  return Object.entries(entity).flatMap(([name, value]) =>
    Array.isArray(value) ? [{ ...entity, [name]: [...value, ...value] }] : [],
  );
}

function changed(line: Buffer, change: { readonly at: number; readonly byte: number; readonly kind: string }): Buffer {
  const at = Math.floor(change.at * line.length);
  const [before, after] = [line.subarray(0, at), line.subarray(at)];
  if (change.kind === "truncate") return before;
  if (change.kind === "insert") return Buffer.concat([before, Buffer.of(change.byte), after]);
  if (change.kind === "remove") return Buffer.concat([before, after.subarray(1)]);
  return Buffer.concat([before, Buffer.of(change.byte), after.subarray(1)]);
}

t.test("what a matcher accepts, the authority finds sound, with the same id and references", async (t) => {
  let plain = 0;
  let accepted = 0;
  await fc.assert(
    fc.property(lines, ({ module, entities, changes, oddities }) => {
      const matcher = compiled(module);
      const authority = new Authority(module);
      for (const entity of entities) {
        const line = lineOf(entity);
        const accepts = assertSound(matcher, authority, line);
        for (const twice of doubled(entity)) assertSound(matcher, authority, lineOf(twice));
        if (!isPlain(module, entity)) continue;
        if (accepts) accepted += 1;
        if (accepts || authority.judge(line).faults.length === 0) plain += 1;
      }
      for (const change of changes) {
        const entity = entities[change.entity];
        if (entity !== undefined) assertSound(matcher, authority, changed(lineOf(entity), change));
      }
      for (const [index, field, value] of oddities) {
        const entity = entities[index] ?? {};
        const name = Object.keys(entity)[field % Object.keys(entity).length] ?? "";
        assertSound(matcher, authority, lineOf({ ...entity, [name]: value }));
      }
    }),
    { numRuns: 80, ...NO_SHRINKING },
  );
  t.comment(`accepted ${accepted} of ${plain} plain lines`);
  t.ok(plain > 150 && accepted > 0.95 * plain, "plain lines are accepted");
});

t.test("what lies around a line changes nothing", async () => {
  const neighbour = fc.array(fc.constantFrom(...HOSTILE), { maxLength: 6 }).map((parts) => parts.join(""));
  await fc.assert(
    fc.property(lines, neighbour, neighbour, ({ module, entities, changes }, before, after) => {
      const matcher = compiled(module);
      for (const change of changes) {
        const line = lineOf(entities[change.entity] ?? {});
        const start = Buffer.byteLength(before);
        const block = Buffer.concat([Buffer.from(before), line, Buffer.from(after)]);
        for (const end of [line.length, Math.floor(change.at * line.length)]) {
          const alone = matcher.match(line.subarray(0, end), 0, end);
          const expected = alone ? JSON.stringify(captured(matcher)) : "";
          const inside = matcher.match(block, start, start + end);
          if (inside !== alone) throw new Error(`${inside} at ${start} to ${start + end} of ${block.toString()}`);
          if (inside && JSON.stringify(captured(matcher)) !== expected) throw new Error("other captures");
          // A view that ends with the line: a read beyond it would throw or give undefined.
          const view = new Uint8Array(block.buffer, block.byteOffset + start, end);
          if (matcher.match(view, 0, end) !== alone) throw new Error("another answer in a view");
        }
      }
    }),
    { numRuns: 40, ...NO_SHRINKING },
  );
});

const EXAMPLES = [".", "test/fixtures/shop"].flatMap((root) => loadProject(root).modules);

t.test("every module of the example projects compiles", async (t) => {
  for (const module of EXAMPLES) t.ok(compileMatcher(module), module.name);
});

const ENTITY = {
  amount: 12.5,
  at: "2024-02-29T23:59:59.5Z",
  born: "2000-02-29",
  code: "K-0042",
  count: -7,
  flag: true,
  friends: ["00000000-0000-4000-8000-00000000000a", "ffffffff-ffff-4fff-bfff-ffffffffffff"],
  id: "0188f0e0-0000-7000-8000-0123456789ab",
  kind: "open",
  mail: "jane.doe@example.org",
  name: 'Jörg "J" Groß\n',
  note: null,
  part: { city: "Köln", street: "Weg 5" },
  schemaVersion: 1,
};

const FRIENDS = { type: "array", items: { type: "string", format: "uuid", ref: "friends", pii: 1 } };

const WIDE: JsonObject = {
  type: "object",
  additionalProperties: false,
  required: ["id", "schemaVersion", "name"],
  properties: {
    amount: { type: "number", minimum: 0, maximum: 1000, pii: 1 },
    at: { type: "string", format: "date-time", pii: 0 },
    born: { type: "string", format: "date", pii: 1 },
    code: { type: "string", pattern: "^K-[0-9]{4}$", pii: 0 },
    count: { type: "integer", maximum: 5, pii: 1 },
    flag: { type: "boolean", pii: 1 },
    friends: { ...FRIENDS, uniqueItems: true },
    id: { type: "string", format: "uuid", pii: 0 },
    kind: { type: "string", enum: ["open", "paid"], pii: 0 },
    mail: { type: "string", pattern: "^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$", maxLength: 254, pii: 2, residency: "local" },
    name: { type: "string", minLength: 2, maxLength: 15, pii: 0 },
    note: { type: ["string", "null"], pii: 0 },
    part: {
      type: "object",
      additionalProperties: false,
      properties: { city: { type: "string", pii: 1 }, street: { type: "string", pii: 0 } },
    },
    schemaVersion: { type: "integer", minimum: 1, pii: 0 },
  },
};

t.test("every change of one byte in a wide line is judged soundly", async (t) => {
  const module = moduleOf(WIDE);
  const matcher = compiled(module);
  const authority = new Authority(module);
  const line = lineOf(ENTITY);
  t.ok(assertSound(matcher, authority, line), "the line itself is accepted");
  let accepted = 0;
  for (let at = 0; at < line.length; at++) {
    for (let byte = 0; byte < 256; byte++) {
      for (const kind of ["replace", "insert"]) {
        if (assertSound(matcher, authority, changed(line, { at: (at + 0.5) / line.length, byte, kind }))) accepted += 1;
      }
    }
    for (const kind of ["remove", "truncate"]) {
      assertSound(matcher, authority, changed(line, { at: (at + 0.5) / line.length, byte: 0, kind }));
    }
  }
  t.ok(accepted > 1000, "changes that leave a line sound are among them");
});

t.test("a schema that cannot be compiled soundly has no matcher", async (t) => {
  const property = (name: string, schema: JsonValue): JsonObject => ({
    ...WIDE,
    properties: {
      id: { type: "string", format: "uuid" },
      schemaVersion: { type: "integer" },
      name: {},
      [name]: schema,
    },
  });
  const uncompiled: Record<string, JsonObject> = {
    "other keys": { ...WIDE, additionalProperties: true },
    "no schemaVersion": { ...property("x", {}), properties: { id: { type: "string" }, name: {} } },
    "a star as a name": property("*", { type: "string" }),
    "a number as reference": property("x", { type: "integer", ref: "others" }),
    "a reference among alternatives": property("x", {
      anyOf: [{ type: "object", properties: { y: { ref: "others" } } }],
    }),
    "a reference to the whole": property("x", { $ref: "#" }),
    "a condition on the whole": { ...WIDE, if: { required: ["note"] }, else: { required: ["flag"] } },
  };
  for (const [name, schema] of Object.entries(uncompiled)) t.equal(compileMatcher(moduleOf(schema)), undefined, name);
});

t.test("a line with more references than are kept is left to the authority", async (t) => {
  const schema = { ...WIDE, properties: { ...(WIDE["properties"] as JsonObject), friends: FRIENDS } };
  const matcher = compiled(moduleOf(schema));
  for (const [count, expected] of [
    [4096, true],
    [4097, false],
  ] as const) {
    const line = lineOf({ ...ENTITY, friends: Array.from({ length: count }, () => ENTITY.id) });
    t.equal(matcher.match(line, 0, line.length), expected, `${count} references`);
  }
});
