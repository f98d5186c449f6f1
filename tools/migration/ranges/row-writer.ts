import { copyText, putLiteral, putUuid } from "../compiled/byte-copy.ts";
import { putBytes, putValue, roomOf } from "../compiled/byte-writer.ts";
import { canonicalize } from "../integrity/canonical.ts";
import { CELL } from "../integrity/lanes/cell-lanes.ts";
import { compareCodeUnits } from "../integrity/order.ts";
import { isWellFormed } from "../integrity/well-formed.ts";
import { compileField } from "../mapping/field-mapper.ts";
import { FAILED } from "../mapping/transforms.ts";
import type { CellForm } from "../model/cell-form.ts";
import type { FieldDefinition, ModuleDefinition } from "../model/module.ts";
import { AheadLookup } from "./ahead-lookup.ts";
import { FastRowWriter, type FastWrite } from "./fast-row-writer.ts";
import { type KeptCells, keptCells, keptTexts, laneKeeps } from "./kept-cells.ts";
import type { MarkedRegistry } from "./marked-registry.ts";
import { MOST_CELLS, type RowCells, type RowsAhead, UNKNOWN } from "./row-cells.ts";
import type { SharedRegistry } from "./shared-registry.ts";

/** Writes the lines of a module straight from cells; it never words a fault. */
export interface RowWriter {
  /** The columns that `cells` must hold. */
  readonly columns: readonly string[];
  /** The one with the legacy id. */
  readonly keyColumn: number;
  /** What `cells` must tell of rows ahead. */
  readonly lookups: readonly RowsAhead[];
  /** Bytes that are surely enough for the line of a row whose JSON text has `length` bytes. */
  room(length: number): number;
  /**
   * Writes the line of the row that `cells` holds from `at` on to `bytes`, which `view` shows too, with the id of entry
   * `index`; gives its end, or -1 where the row is for the mapper. The line is what mapping and `canonicalize` would make
   * of the row.
   */
  write(cells: RowCells, index: number, bytes: Buffer, view: DataView, at: number): number;
  /** What `write` tries first, where `bytes` are in the room of the thread; undefined where a field is beyond vectors. */
  readonly fast: FastWrite | undefined;
}

/** Room beyond three times its cells that a field may take: an id, a flag, the zeros of a date. */
const FIELD_BYTES = 64;

/**
 * Compiles the writer for rows with these columns; undefined where rows need the mapper: for a mapper function, a key of
 * several columns, a column that nobody knows.
 */
export function compileRowWriter(
  module: ModuleDefinition,
  columns: readonly string[],
  registry: SharedRegistry,
  targets: ReadonlyMap<string, MarkedRegistry>,
): RowWriter | undefined {
  const [key = "", ...more] = module.legacyKey;
  const read = new Set([key, ...module.fields.flatMap(({ from }) => from)]);
  const wanted = columns.filter((name) => read.has(name));
  const keyColumn = wanted.indexOf(key);
  if (module.mapper !== undefined || more.length > 0 || keyColumn < 0 || wanted.length > MOST_CELLS) return undefined;
  // A reference by several columns is no column of its own.
  if (module.fields.some(({ parts }) => parts !== undefined)) return undefined;
  if (!columns.every((name) => read.has(name) || module.drop.has(name))) return undefined;
  if (!module.fields.every(({ name }) => isWellFormed(name))) return undefined;
  const code = new WriterCode(wanted, targets, module.form);
  const parts = [{ name: "id" }, ...module.fields].sort((a, b) => compareCodeUnits(a.name, b.name));
  for (const part of parts) {
    if ("from" in part) code.field(part);
    else code.id();
  }
  const slow = code.compile(registry);
  const fast = code.fast?.compile(registry);
  const write: RowWriter["write"] = (cells, index, bytes, view, at) => {
    const end = fast?.(cells, index, bytes, at) ?? -1;
    return end >= 0 ? end : slow(cells, index, bytes, view, at);
  };
  const room = (length: number): number => code.fixedBytes + 3 * length;
  return { columns: wanted, keyColumn, lookups: code.lookups, room, write, fast };
}

type SlowField = (cells: RowCells, bytes: Buffer, at: number) => number;

/** Puts the text of the function together, field by field; `p` is where the line has got to. */
class WriterCode {
  /** Bytes that do not depend on the row. */
  fixedBytes = 2;
  readonly lookups: AheadLookup[] = [];
  readonly #columns: readonly string[];
  readonly #targets: ReadonlyMap<string, MarkedRegistry>;
  readonly #form: CellForm;
  readonly #lines: string[] = [];
  readonly #constants: unknown[] = [];
  /** The same in vectors; undefined where a field is beyond them. */
  fast: FastRowWriter | undefined = new FastRowWriter();

  constructor(columns: readonly string[], targets: ReadonlyMap<string, MarkedRegistry>, form: CellForm) {
    this.#columns = columns;
    this.#targets = targets;
    this.#form = form;
  }

  id(): void {
    this.#literal(',"id":"');
    this.#lines.push("p = putUuid(o, p, words, 4 * index);");
    this.#literal('"');
    this.fast?.id(',"id":');
    this.fixedBytes += FIELD_BYTES;
  }

  field(field: FieldDefinition): void {
    const columns = field.from.map((name) => this.#columns.indexOf(name));
    const [column = -1] = columns;
    const prefix = `,${JSON.stringify(field.name)}:`;
    this.fixedBytes += FIELD_BYTES + 3 * prefix.length;
    if (field.value !== undefined || columns.every((one) => one < 0)) {
      const text = this.#fixed(field, prefix, undefined);
      if (text === undefined) this.fast = undefined;
      else this.fast?.literal(text);
      return;
    }
    const slow = this.#constant(slowField(field, columns, this.#targets.get(field.ref ?? ""), this.#form));
    const otherwise = `p = ${slow}(cells, out, p); if (p < 0) return -1;`;
    if (columns.length > 1) {
      this.#lines.push(otherwise);
      this.fast = undefined;
      return;
    }
    this.#lines.push(`k = kinds[${column}]; s = from[${column}]; e = to[${column}];`);
    if (field.ref === undefined) this.#kept(keptCells(field, this.#form), prefix, column);
    else this.#reference(field, prefix, column);
    this.#lines.push(`if (k === ${CELL.null}) {`);
    const absent = this.#fixed(field, prefix, null);
    this.#lines.push(`} else { ${otherwise} }`);
    this.#fastField(field, prefix, column, absent);
  }

  #fastField(field: FieldDefinition, prefix: string, column: number, absent: string | undefined): void {
    const keeps = laneKeeps(field.transform, field.type);
    const target = this.#targets.get(field.ref ?? "");
    if (field.ref === undefined) {
      const { texts, ...cells } = keptCells(field, this.#form);
      if (texts !== undefined && keeps === undefined) this.fast = undefined;
      this.fast?.kept(column, prefix, { ...cells, keeps: texts && keeps }, absent);
    } else if (target === undefined || keeps === undefined) this.fast = undefined;
    else {
      const isPlain = field.transform.length === 0 && field.type === undefined;
      const lookup = this.#lookupOf(column, target.registry);
      const cells = { keeps, isPlain, absent };
      if (this.fast?.reference(prefix, { lookup, marks: target.marks, cells }) === false) this.fast = undefined;
    }
  }

  compile(registry: SharedRegistry): RowWriter["write"] {
    const make = new Function(
      "copyText",
      "putUuid",
      "words",
      "constants",
      `"use strict";
${this.#constants.map((_, at) => `const k${at} = constants[${at}];`).join("\n")}
return function write(cells, index, out, o, at) {
const { bytes: b, view: v, kinds, from, to, slot } = cells;
let p = at, k = 0, s = 0, e = 0, n = 0;
${this.#lines.join("\n")}
o.setUint8(at, 0x7b);
o.setUint8(p, 0x7d);
return p + 1;
};`,
    );
    return make(copyText, putUuid, registry.words, this.#constants);
  }

  /** Code for cells that go to the line as they are; what follows it is for the others. */
  #kept({ texts, integers, reals, flags }: KeptCells, prefix: string, column: number): void {
    if (texts !== undefined) {
      const tests = texts.map((keeps) => ` && ${this.#constant(keeps)}(b, v, s, e)`).join("");
      this.#lines.push(`if ((k === ${CELL.text} || k === ${CELL.escaped})${tests}) {`);
      this.#literal(`${prefix}"`);
      this.#lines.push("p = copyText(v, s, e, o, p);");
      this.#literal('"');
      this.#lines.push("} else ");
    }
    if (integers) {
      this.#lines.push(`if (k === ${CELL.integer} && e - s <= 15) {`);
      this.#literal(prefix);
      this.#lines.push("p = copyText(v, s, e, o, p);", "} else ");
    }
    if (reals) {
      // As a number, and then as its text again, a real took 0.36 us; this takes 0.2.
      this.#lines.push(`if (k === ${CELL.real} && cells.keepsReal(${column})) {`);
      this.#literal(prefix);
      this.#lines.push("p = copyText(v, s, e, o, p);", "} else ");
    }
    if (!flags) return;
    for (const [digit, word] of ["false", "true"].entries()) {
      this.#lines.push(`if (k === ${CELL.integer} && e - s === 1 && b[s] === ${0x30 + digit}) {`);
      this.#literal(prefix + word);
      this.#lines.push("} else ");
    }
  }

  #reference(field: FieldDefinition, prefix: string, column: number): void {
    const target = this.#targets.get(field.ref ?? "");
    const texts = keptTexts(field.transform, field.type);
    if (target === undefined || texts === undefined) return;
    const isPlain = field.transform.length === 0 && field.type === undefined;
    const tests = texts.map((keeps) => ` && ${this.#constant(keeps)}(b, v, s, e)`).join("");
    const integer = isPlain ? ` || k === ${CELL.integer}` : "";
    const registry = this.#constant(target.registry);
    const marks = this.#constant(target.marks);
    this.#lines.push(`if ((k === ${CELL.text} && s < e${tests})${integer}) {`);
    this.#lines.push(`n = ${this.#lookup(column, target.registry)}.found[slot]; if (n < 0) return -1;`);
    this.#lines.push(`${marks}[n] = 1;`);
    this.#literal(`${prefix}"`);
    this.#lines.push(`p = putUuid(o, p, ${registry}.words, 4 * n);`);
    this.#literal('"');
    this.#lines.push("} else ");
  }

  #lookup(column: number, registry: SharedRegistry): string {
    return this.#constant(this.#lookupOf(column, registry));
  }

  #lookupOf(column: number, registry: SharedRegistry): AheadLookup {
    const known = this.lookups.find((one) => one.column === column && one.registry === registry);
    const lookup = known ?? new AheadLookup(column, registry);
    if (known === undefined) this.lookups.push(lookup);
    return lookup;
  }

  /** Code for what becomes of a field whose value is the same in every row: NULL, or no column at all; its text, if it has one. */
  #fixed(field: FieldDefinition, prefix: string, value: null | undefined): string | undefined {
    const map = compileField(field, [0], this.#targets.get(field.ref ?? ""), this.#form);
    const result = map([value], () => {});
    if (result === undefined) return "";
    if (result === FAILED) {
      this.#lines.push("return -1;");
      return undefined;
    }
    const text = canonicalize(result);
    this.fixedBytes += 3 * text.length;
    this.#literal(prefix + text);
    return prefix + text;
  }

  #literal(text: string): void {
    this.#lines.push(putLiteral(text));
  }

  #constant(value: unknown): string {
    const known = this.#constants.indexOf(value);
    return `k${known >= 0 ? known : this.#constants.push(value) - 1}`;
  }
}

/** What the mapper makes of a field, from values of its cells: for everything that bytes alone do not tell. */
function slowField(
  field: FieldDefinition,
  columns: readonly number[],
  target: MarkedRegistry | undefined,
  form: CellForm,
): SlowField {
  const slots = columns.map((_, slot) => slot);
  const map = compileField(field, slots, target, form);
  const prefix = Buffer.from(`,${JSON.stringify(field.name)}:`, "utf8");
  const values = new Array<unknown>(columns.length).fill(undefined);
  return (cells, bytes, at) => {
    let room = FIELD_BYTES;
    for (let slot = 0; slot < columns.length; slot += 1) {
      const column = columns[slot] ?? -1;
      if (column < 0) continue;
      const value = cells.value(column);
      if (value === UNKNOWN) return -1;
      room += 3 * ((cells.to[column] ?? 0) - (cells.from[column] ?? 0));
      values[slot] = value;
    }
    const result = map(values, () => {});
    if (result === undefined) return at;
    if (result === FAILED || roomOf(result) > room) return -1;
    return putValue(bytes, putBytes(bytes, at, prefix), result, bytes.length);
  };
}
