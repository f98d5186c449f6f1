import Database from "better-sqlite3";
import fc from "fast-check";
import t from "tap";
import { canonicalize } from "../../tools/migration/integrity/canonical.ts";
import { CELL } from "../../tools/migration/integrity/lanes/cell-lanes.ts";
import { RecordMapper } from "../../tools/migration/mapping/record-mapper.ts";
import type { CellForm } from "../../tools/migration/model/cell-form.ts";
import type { FieldDefinition, ModuleDefinition } from "../../tools/migration/model/module.ts";
import { mapRoom } from "../../tools/migration/ranges/map-room.ts";
import { MarkedRegistry } from "../../tools/migration/ranges/marked-registry.ts";
import { allocateRegistries } from "../../tools/migration/ranges/registry-memory.ts";
import { RowCells } from "../../tools/migration/ranges/row-cells.ts";
import { compileRowWriter } from "../../tools/migration/ranges/row-writer.ts";
import { SharedRegistry } from "../../tools/migration/ranges/shared-registry.ts";
import { type CellPage, readCellPages } from "../../tools/migration/sources/sqlite-cells.ts";

const COLUMNS = ["k", "a", "b", "c", "r"] as const;
const LEGACY_IDS = ["1", "42", "9007199254740993", "-7", "x", "Ä", "a b", 'q"uote'];

const words = fc.constantFrom("trim", "lower", "upper", "collapse-spaces", "empty-to-null", "string");
const exact = fc.constantFrom("date", "time", "timestamp", "integer", "number", "decimal", "boolean");
const types = fc.constantFrom(
  ...["string", "string(3)", "integer", "bigint", "number", "decimal", "decimal(5,2)", "boolean", "date", "time"],
  ...["timestamp", "timestamptz", "uuid", "json", "bytes", "string[]"],
);

const column = fc.constantFrom("a", "b", "c", "nowhere");
const anyField = (name: string): fc.Arbitrary<FieldDefinition> =>
  fc.record({
    name: fc.constant(name),
    from: fc.oneof({ weight: 4, arbitrary: column.map((one) => [one]) }, fc.uniqueArray(column, { maxLength: 2 })),
    default: fc.option(fc.constantFrom<FieldDefinition["default"]>("none", 0, null, ["ä"]), { nil: undefined }),
    value: fc.option(fc.constantFrom<FieldDefinition["value"]>(1, "fest", true), { nil: undefined, freq: 8 }),
    type: fc.option(types, { nil: undefined, freq: 1 }),
    transform: fc.oneof(fc.array(words, { maxLength: 2 }), fc.array(fc.oneof(words, exact), { maxLength: 2 })),
    ref: fc.constant(undefined),
    nulls: fc.constantFrom("omit", "keep"),
  });

const reference: fc.Arbitrary<FieldDefinition> = fc.record({
  name: fc.constant("to"),
  from: fc.constant(["r"]),
  default: fc.constant(undefined),
  value: fc.constant(undefined),
  type: fc.option(fc.constant("string"), { nil: undefined, freq: 1 }),
  transform: fc.oneof(fc.constant([]), fc.array(words, { maxLength: 1 })),
  ref: fc.constant("m"),
  nulls: fc.constantFrom("omit", "keep"),
});

const anyFields = fc
  .tuple(fc.uniqueArray(fc.constantFrom("code", "größe", "i", "idee", 'a"b', "z", "10"), { maxLength: 4 }), reference)
  .chain(([names, ref]) => fc.tuple(...names.map(anyField)).map((fields) => [...fields, ref]));

/** What a cell can hold, with what is easily changed on the way: controls, NUL, large numbers, bytes like JSONB. */
const anyCell = fc.oneof(
  fc.string({
    unit: fc.constantFrom("a", "B", " ", "ß", "\u00a0", "😂", '"', "\\", "\n", "\u000b", "\0", "\u007f", "1"),
  }),
  fc.constantFrom(
    "2024-02-29",
    "2023-02-29",
    "1.2.2024",
    "07:30",
    "24:00",
    "2024-01-02T03:04:05Z",
    "ja",
    "0",
    "",
    "-0",
  ),
  fc.constantFrom("00000000-0000-8000-8000-00000000000a", "12,50", "ÄÖ", "1e5", "null"),
  fc.constantFrom(null, 0, 1, -1, 42, 2n ** 53n - 1n, 2n ** 53n, -(2n ** 63n), 10n ** 15n, 999_999_999_999_999n),
  fc.constantFrom(0.1, -0.0, 5e-324, 1.7976931348623157e308, 45.3, 1e21, 1.5, 0.1 + 0.2),
  fc.double({ noNaN: true }),
  fc.constantFrom(Buffer.alloc(0), Buffer.from([0]), Buffer.from("1761", "hex"), Buffer.from([0xff])),
);
const anyKey = fc.constantFrom<unknown>(...LEGACY_IDS, 42, 1, -7, 2n ** 53n + 1n, "", "nobody", null, 1.5);
const anyRow = fc.tuple(anyKey, anyCell, anyCell, anyCell, fc.oneof(anyKey, anyCell));

const anyPlace = fc.tuple(fc.constantFrom<CellForm>("cells", "json", "text"), fc.nat(9));

function moduleWith(fields: readonly FieldDefinition[], form: CellForm = "cells"): ModuleDefinition {
  return {
    name: "m",
    collection: "m",
    query: undefined,
    form,
    legacyKey: ["k"],
    schemaVersion: 1,
    allowEmpty: true,
    fields,
    drop: new Set(COLUMNS),
    mapper: undefined,
    invariants: [],
    schema: {},
    references: [],
    piiFields: [],
    digests: { definition: "", schema: "" },
  };
}

function registry(): SharedRegistry {
  const ids = [...LEGACY_IDS].sort().map((id) => Buffer.from(id));
  const size = { module: "m", size: ids.length, textBytes: Buffer.concat(ids).length };
  const [data] = allocateRegistries([size], 1) ?? [];
  if (data === undefined) throw new Error("no room");
  const made = new SharedRegistry(data);
  let textAt = 0;
  for (const [index, id] of ids.entries()) {
    const uuid = Uint32Array.of(index, 0xfedcba98, 0x0012abcd, 2 ** 32 - 1 - index);
    textAt = made.set(index, id, 0, id.length, textAt, uuid);
  }
  made.index(0, ids.length);
  return made;
}

function pagesOf(rows: readonly (readonly unknown[])[], columns: readonly string[]): CellPage[] {
  const db = new Database(":memory:");
  try {
    db.exec("CREATE TABLE m (k, a, b, c, r)");
    const insert = db.prepare("INSERT INTO m VALUES (?, ?, ?, ?, ?)");
    for (const row of rows) insert.run(...row);
    const range = { kind: "sqlite", path: "", label: "", collection: "m", mainThreadOnly: false, stamp: "" } as const;
    const rowids = { name: "rowid", begin: 1n, end: BigInt(rows.length) + 1n };
    const all = { from: "m", order: [] };
    const pages = readCellPages(
      db,
      { ...range, ...all, columns: COLUMNS, rowids },
      { columns, isWorthwhile: () => true },
    );
    return [...pages].map((page) => {
      const [read, apart] = [page.rows(), columns.map((_, index) => page.column(index))];
      return { ...page, rows: () => read, column: (index) => apart[index] ?? [] };
    });
  } finally {
    db.close();
  }
}

/** What mapping and `canonicalize` make of a row; undefined where there is a finding. */
function expected(module: ModuleDefinition, row: readonly unknown[]): { line: string; marks: Uint8Array } | undefined {
  const own = registry();
  const target = new MarkedRegistry(own, new SharedArrayBuffer(own.size));
  let findings = 0;
  const shared = { seen: new Uint8Array(own.size), targets: new Map([["m", target]]) };
  const mapper = new RecordMapper(module, new Map([["m", own]]), () => (findings += 1), shared);
  const mapped = mapper.mapRow(COLUMNS, row);
  if (mapped?.entity === undefined || findings > 0) return undefined;
  return { line: canonicalize(mapped.entity), marks: target.marks };
}

t.test("law: a row is written as the mapper and canonicalize write it, or given up", async (t) => {
  let [written, given, fast] = [0, 0, 0];
  await fc.assert(
    fc.property(anyFields, fc.array(anyRow, { minLength: 1, maxLength: 70 }), anyPlace, (fields, rows, [form, at]) => {
      const module = moduleWith(fields, form);
      const own = registry();
      const target = new MarkedRegistry(own, new SharedArrayBuffer(own.size));
      const writer = compileRowWriter(module, COLUMNS, own, new Map([["m", target]]));
      if (writer === undefined) throw new Error("not compiled");
      const cells = new RowCells(writer.columns.length, writer.lookups);
      for (const page of pagesOf(rows, writer.columns)) {
        if (!cells.open(page)) return;
        for (const row of page.rows()) {
          const kind = cells.next();
          if (kind === "lost") throw new Error("lost");
          if (kind === "none") continue;
          const [from = 0, to = 0] = [cells.from[writer.keyColumn], cells.to[writer.keyColumn]];
          const hasKey = cells.kinds[writer.keyColumn] === CELL.integer || cells.kinds[writer.keyColumn] === CELL.text;
          const index = hasKey ? own.find(cells.bytes, from, to) : -1;
          if (index < 0) continue;
          target.marks.fill(0);
          const room = writer.room(cells.length);
          const bytes = Buffer.alloc(at + room + 16, 0xee);
          const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
          const end = writer.write(cells, index, bytes, view, at);
          if (!bytes.subarray(at + room).every((byte) => byte === 0xee)) throw new Error("written behind the room");
          given += 1;
          if (end < 0) {
            if ((writer.fast?.(cells, index, mapRoom().lines, at) ?? -1) >= 0)
              throw new Error("written in vectors only");
            continue;
          }
          written += 1;
          const wanted = expected(module, row);
          if (wanted?.line !== bytes.toString("utf8", at, end)) throw new Error(`expected ${wanted?.line}`);
          if (Buffer.compare(wanted.marks, target.marks) !== 0) throw new Error("other marks");
          target.marks.fill(0);
          const { lines } = mapRoom();
          const fastEnd = writer.fast?.(cells, index, lines, at) ?? -1;
          if (fastEnd < 0) continue;
          fast += 1;
          if (fastEnd > at + room) throw new Error("written behind the room in vectors");
          if (wanted.line !== lines.toString("utf8", at, fastEnd)) throw new Error(`${wanted.line} in vectors`);
          if (Buffer.compare(wanted.marks, target.marks) !== 0) throw new Error("other marks in vectors");
        }
        if (!cells.isEnd) throw new Error("more rows than there are");
      }
    }),
    { numRuns: 400 },
  );
  t.ok(written > given / 8, `${written} of ${given} rows were written`);
  t.ok(fast > written / 8, `${fast} of them in vectors`);
});

t.test("a real is kept only where its text is canonical and the value that the driver has", async (t) => {
  const keeps = (text: string, value: number): boolean => {
    const cells = new RowCells(1);
    cells.open({ json: Buffer.from(`[[${text}]]`), count: 1, rows: () => [], column: () => [value] });
    if (cells.next() !== "cells") throw new Error("no cells");
    return cells.keepsReal(0);
  };
  t.equal(keeps("0.3", 0.3), true);
  t.equal(keeps("-12.25", -12.25), true);
  t.equal(keeps("0.3", 0.1 + 0.2), false, "a version of SQLite that writes 15 digits");
  t.equal(keeps("0.30000000000000004", 0.1 + 0.2), true);
  for (const text of ["1.0", "-0.0", "0.30", "1.5e+00", "1.0e+21"]) t.equal(keeps(text, Number(text)), false, text);
});

t.test("rows that only the mapper can map have no writer", async (t) => {
  const own = registry();
  const compile = (change: Partial<ModuleDefinition>, columns: readonly string[] = COLUMNS): unknown =>
    compileRowWriter({ ...moduleWith([]), ...change }, columns, own, new Map());
  t.ok(compile({}));
  t.equal(compile({ legacyKey: ["k", "a"] }), undefined);
  t.equal(compile({ legacyKey: ["other"] }), undefined);
  const byKey = {
    from: [],
    default: undefined,
    value: undefined,
    type: undefined,
    transform: [],
    nulls: "omit",
  } as const;
  t.equal(compile({ fields: [{ ...byKey, name: "to", parts: ["a", "b"], ref: "m" }] }), undefined);
  t.equal(compile({ mapper: { file: "", source: "", reads: [] } }), undefined);
  t.equal(compile({}, [...COLUMNS, "unknown"]), undefined);
  t.equal(compile({ drop: new Set() }), undefined);
});

t.test("every letter that lower or upper changes is one that vectors leave to others", (t) => {
  for (const word of ["lower", "upper"] as const) {
    const own = registry();
    const module = moduleWith([
      {
        name: "a",
        from: ["a"],
        default: undefined,
        value: undefined,
        type: undefined,
        transform: [word],
        ref: undefined,
        nulls: "omit",
      },
    ]);
    const writer = compileRowWriter(module, COLUMNS, own, new Map());
    if (writer?.fast === undefined) throw new Error("not compiled");
    const cells = new RowCells(writer.columns.length, writer.lookups);
    const [key = ""] = LEGACY_IDS;
    for (let code = 0x20; code < 0x7f; code += 1) {
      const letter = String.fromCharCode(code);
      for (const text of [letter, `-----------------${letter}`, `${letter}-----------------`]) {
        const [page] = pagesOf([[key, text, null, null, null]], writer.columns);
        if (page === undefined || !cells.open(page) || cells.next() !== "cells") throw new Error("no row");
        const end = writer.fast(cells, 0, mapRoom().lines, 0);
        const changed = word === "lower" ? text.toLowerCase() : text.toUpperCase();
        if (changed !== text && end >= 0) t.fail(`${word} of ${text}`);
        if (changed === text && !/["\\\\]/.test(text) && end < 0) t.fail(`${text} stays`);
      }
    }
  }
  t.end();
});
