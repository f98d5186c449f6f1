import { Buffer, isUtf8 } from "node:buffer";
import * as fc from "fast-check";
import t from "tap";
import { compileEntityChecks } from "../../tools/migration/checks/entity-checks.ts";
import { visitPath } from "../../tools/migration/checks/entity-walk.ts";
import type { EntityCheck } from "../../tools/migration/checks/schema-check.ts";
import { compileMatcher, type LineMatcher } from "../../tools/migration/compiled/matcher.ts";
import { loadProject } from "../../tools/migration/config/project.ts";
import { canonicalize } from "../../tools/migration/integrity/canonical.ts";
import { parseLine } from "../../tools/migration/integrity/line.ts";
import { uuidText } from "../../tools/migration/integrity/uuid-words.ts";
import type { JsonObject, JsonValue } from "../../tools/migration/model/json.ts";
import { type ModuleDefinition, UUID } from "../../tools/migration/model/module.ts";
import { anyModule, moduleOf } from "../helpers/schemas.ts";

const CHECKS = new Set(["schema", "drift", "invariants", "pii"] as const);
const HOSTILE = ['"', "\\", "{", "}", ",", '","x":"', "0", "\n", "]", "1}", '\\"', "a", "é"];
const BYTES = [0x00, 0x0a, 0x1f, 0x20, 0x22, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f, 0x30, 0x31, 0x39, 0x3a, 0x40, 0x41, 0x5a];
const MORE_BYTES = [0x5b, 0x5c, 0x5d, 0x61, 0x65, 0x66, 0x67, 0x6e, 0x75, 0x7b, 0x7d, 0x7f, 0x80, 0xc3, 0xff];

// Every step would compile two validators anew; the message of a failure holds the line.
const NO_SHRINKING = { endOnFailure: true };

/** Judges as a scan does, by parsing; gives what is wrong, and the references that a scan collects. */
class Authority {
  readonly #module: ModuleDefinition;
  readonly #check: EntityCheck;

  constructor(module: ModuleDefinition) {
    this.#module = module;
    this.#check = compileEntityChecks(module, ["DE", "US"], CHECKS);
  }

  judge(line: Buffer): { readonly faults: readonly string[]; readonly id: string; readonly references: string[] } {
    const parsed = parseLine(line);
    if (!parsed.ok) return { faults: [parsed.reason], id: "", references: [] };
    const faults: string[] = [];
    this.#check(parsed.value, {}, (found) => faults.push(`${found.code} ${found.field} ${found.rule}`));
    const id = String(parsed.value["id"]);
    if (!UUID.test(id)) faults.push("id");
    return { faults, id, references: this.#references(parsed.value) };
  }

  #references(entity: JsonObject): string[] {
    const found: string[] = [];
    this.#module.references.forEach((reference, index) => {
      visitPath(entity, reference.path, (value) => {
        if (typeof value === "string" && UUID.test(value)) found.push(`${index} ${value}`);
      });
    });
    return found.sort();
  }
}

function captured(matcher: LineMatcher): { readonly id: string; readonly references: string[] } {
  const references = Array.from({ length: matcher.refCount }, (_, index) => {
    return `${matcher.refFields[index]} ${uuidText(matcher.refs.subarray(4 * index, 4 * index + 4))}`;
  });
  return { id: uuidText(matcher.id), references: references.sort() };
}

/** Fails where the matcher accepts what the authority does not, or captures something else. True where it accepts. */
function assertSound(matcher: LineMatcher, authority: Authority, line: Buffer): boolean {
  if (!isUtf8(line) || !matcher.match(line, 0, line.length)) return false;
  const judged = authority.judge(line);
  const { id, references } = captured(matcher);
  if (judged.faults.length > 0) throw new Error(`accepted ${line.toString()}: ${judged.faults.join("; ")}`);
  if (id !== judged.id) throw new Error(`id ${id} of ${line.toString()}`);
  if (references.join() !== judged.references.join()) throw new Error(`references of ${line.toString()}`);
  return true;
}

function compiled(module: ModuleDefinition): LineMatcher {
  const matcher = compileMatcher(module);
  if (matcher === undefined) throw new Error(`not compiled: ${JSON.stringify(module.schema)}`);
  return matcher;
}

/** True where no text that the detectors look at holds anything like a personal value. */
function isPlain(module: ModuleDefinition, entity: JsonObject): boolean {
  let plain = true;
  for (const field of module.piiFields) {
    if (field.pii === 0 && field.freeText) {
      visitPath(entity, field.path, (value) => {
        if (/@|(?:[0-9][^A-Za-z]*){7}|[A-Za-z]{2}[0-9]{2}/.test(JSON.stringify(value))) plain = false;
      });
    }
  }
  return plain;
}

function lineOf(entity: JsonObject): Buffer {
  return Buffer.from(canonicalize(entity), "utf8");
}

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
    { numRuns: 120, ...NO_SHRINKING },
  );
  t.comment(`accepted ${accepted} of ${plain} plain lines`);
  t.ok(plain > 300 && accepted > 0.95 * plain, "plain lines are accepted");
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
    { numRuns: 60, ...NO_SHRINKING },
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
    friends: { type: "array", uniqueItems: true, items: { type: "string", format: "uuid", ref: "friends", pii: 1 } },
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
