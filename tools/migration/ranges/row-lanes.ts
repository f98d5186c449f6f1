import { date, time } from "../compiled/vectors/format-functions.ts";
import { CELL } from "../integrity/lanes/cell-lanes.ts";
import { type PutLocals, putUuid } from "../integrity/lanes/line-lanes.ts";
import { type Label, WasmFunction } from "../integrity/wasm/wasm-function.ts";
import { compileModule, instantiate, type WasmMemory } from "../integrity/wasm/wasm-memory.ts";
import { wasmModule } from "../integrity/wasm/wasm-module.ts";
import { type CellText, requireKept, WRITE } from "./keep-lanes.ts";
import type { KeptCells, LaneKeep } from "./kept-cells.ts";

/**
 * Writes the line of a row to the address `to` and gives its end; 0 where a cell is none of those that go to the line as they
 * are. What the cells are begins at `kinds`, where they begin and end in the text at `base` at `begins` and `ends`. Up to 15
 * bytes behind the line are written, too.
 */
export type WriteRow = (kinds: number, begins: number, ends: number, base: number, to: number) => number;

const [KINDS, BEGINS, ENDS, BASE, TO] = [0, 1, 2, 3, 4];
const [VECTOR_BYTES, WORD_BYTES] = [16, 8];
const [ZERO, QUOTE] = [0x30, 0x22];
const MOST_INTEGER_BYTES = 15;

/** Cells that go to the line as they are: texts on all of these conditions, if at all. */
export interface LaneCells extends Omit<KeptCells, "texts"> {
  readonly keeps: readonly LaneKeep[] | undefined;
}

/** Cells that name an entity: texts on these conditions, integers where nothing is done to them first. */
export interface ReferenceCells {
  readonly keeps: readonly LaneKeep[];
  readonly isPlain: boolean;
  readonly absent: string | undefined;
}

/** The code that writes rows of one module, field by field. */
export class RowLanes {
  readonly #code = new WasmFunction({ parameters: 5, result: true });
  readonly #uuid: PutLocals;
  readonly #kind: number;
  readonly #from: number;
  readonly #to: number;
  readonly #cell: CellText;
  readonly #at: number;
  readonly #steps: ((refused: Label) => void)[] = [];

  constructor() {
    const code = this.#code;
    const [vector, halves] = [code.local("v128"), code.local("v128")];
    code.local("v128");
    this.#uuid = { vector, halves, first: code.local("v128"), last: code.local("v128") };
    this.#kind = code.local("i32");
    this.#from = code.local("i32");
    this.#to = code.local("i32");
    this.#at = code.local("i32");
    this.#cell = { code, from: this.#from, to: this.#to, vector: code.local("v128") };
  }

  literal(text: string): void {
    this.#steps.push(() => this.#put(text));
  }

  /** The UUID whose words are at the address `words`. */
  uuid(prefix: string, words: number): void {
    this.#steps.push(() => this.#putUuid(prefix, words));
  }

  /** A reference: the UUID with the words at the address `words`, or `absent` where the cell is NULL. */
  reference(column: number, prefix: string, words: number, { keeps, isPlain, absent }: ReferenceCells): void {
    this.#steps.push((refused) => {
      const code = this.#code;
      this.#load(column);
      code.block((done) => {
        code.block((found) => {
          this.#isKind(CELL.null).when(() => {
            this.#putOr(absent, refused);
            code.jump(done);
          });
          if (isPlain) this.#isKind(CELL.integer).jumpIf(found);
          this.#isKind(CELL.text).op("i32.eqz").jumpIf(refused);
          this.#length().op("i32.eqz").jumpIf(refused);
          for (const keep of keeps) requireKept(this.#cell, keep, refused);
        });
        this.#putUuid(prefix, words);
      });
    });
  }

  /** A field whose cell goes to the line as it is, or `absent` where it is NULL. */
  kept(column: number, prefix: string, { keeps, integers, reals, flags }: LaneCells, absent: string | undefined): void {
    this.#steps.push((refused) => {
      const code = this.#code;
      this.#load(column);
      code.block((done) => {
        if (keeps !== undefined) this.#text(prefix, keeps, done);
        if (integers) this.#asItIs(CELL.integer, prefix, done, MOST_INTEGER_BYTES);
        if (reals) this.#asItIs(CELL.real, prefix, done);
        if (flags) this.#flag(prefix, done);
        this.#isKind(CELL.null).op("i32.eqz").jumpIf(refused);
        this.#putOr(absent, refused);
      });
    });
  }

  compile(memory: WasmMemory): WriteRow {
    const code = this.#code;
    code.get(TO).set(this.#at);
    code.block((refused) => {
      for (const step of this.#steps) step(refused);
      // In place of the comma before the first field.
      code.get(TO).i32(0x7b).storeByte(0);
      this.#put("}");
      code.get(this.#at).leave();
    });
    code.i32(0);
    const module = compileModule(wasmModule([date(), time(), code], new Map([["write", WRITE]])));
    return (instantiate(module, memory) as { write: WriteRow }).write;
  }

  /** Loads what a cell is, and where it begins and ends. */
  #load(column: number): void {
    const code = this.#code;
    code.get(KINDS).access("i32.load8_u", column).set(this.#kind);
    code
      .get(BEGINS)
      .loadI32(4 * column)
      .get(BASE)
      .addI32()
      .set(this.#from);
    code
      .get(ENDS)
      .loadI32(4 * column)
      .get(BASE)
      .addI32()
      .set(this.#to);
  }

  #isKind(kind: number): WasmFunction {
    return this.#code.get(this.#kind).i32(kind).isEqual();
  }

  #length(): WasmFunction {
    return this.#code.get(this.#to).get(this.#from).subtractI32();
  }

  #putOr(text: string | undefined, refused: Label): void {
    if (text === undefined) this.#code.jump(refused);
    else this.#put(text);
  }

  /** Puts a text, eight bytes at a time: what is too much is written over. */
  #put(text: string): void {
    const code = this.#code;
    const bytes = Buffer.from(text, "utf8");
    for (let at = 0; at < bytes.length; at += WORD_BYTES) {
      const word = [...bytes.subarray(at, at + WORD_BYTES)].reduceRight((all, byte) => (all << 8n) | BigInt(byte), 0n);
      code.get(this.#at).i64(word).access("i64.store", at);
    }
    code.get(this.#at).i32(bytes.length).addI32().set(this.#at);
  }

  /** Copies the cell, sixteen bytes at a time. */
  #copy(): void {
    const code = this.#code;
    const step = (local: number): WasmFunction => code.get(local).i32(VECTOR_BYTES).addI32();
    code.repeat((again) => {
      code.get(this.#at).get(this.#from).load(0).store(0);
      step(this.#at).set(this.#at);
      step(this.#from).tee(this.#from).get(this.#to).isBelow().jumpIf(again);
    });
    // Back to where the cell ends.
    code.get(this.#at).get(this.#from).subtractI32().get(this.#to).addI32().set(this.#at);
  }

  #putUuid(prefix: string, words: number): void {
    const code = this.#code;
    this.#put(`${prefix}"`);
    code.i32(0).load(words);
    putUuid(code, this.#at, 0, this.#uuid);
    code.get(this.#at).i32(36).addI32().set(this.#at);
    this.#put('"');
  }

  #text(prefix: string, keeps: readonly LaneKeep[], done: Label): void {
    const code = this.#code;
    code.block((otherwise) => {
      this.#isKind(CELL.text);
      this.#isKind(CELL.escaped).op("i32.or").op("i32.eqz").jumpIf(otherwise);
      for (const keep of keeps) requireKept(this.#cell, keep, otherwise);
      this.#put(`${prefix}"`);
      this.#copy();
      code.get(this.#at).i32(QUOTE).storeByte(0);
      code.get(this.#at).i32(1).addI32().set(this.#at).jump(done);
    });
  }

  #asItIs(kind: number, prefix: string, done: Label, most?: number): void {
    const code = this.#code;
    code.block((otherwise) => {
      this.#isKind(kind).op("i32.eqz").jumpIf(otherwise);
      if (most !== undefined) this.#length().i32(most).op("i32.gt_u").jumpIf(otherwise);
      this.#put(prefix);
      this.#copy();
      code.jump(done);
    });
  }

  #flag(prefix: string, done: Label): void {
    const code = this.#code;
    for (const [digit, word] of ["false", "true"].entries()) {
      code.block((otherwise) => {
        this.#isKind(CELL.integer);
        this.#length().i32(1).isEqual().op("i32.and");
        code
          .get(this.#from)
          .access("i32.load8_u")
          .i32(ZERO + digit)
          .isEqual()
          .op("i32.and");
        code.op("i32.eqz").jumpIf(otherwise);
        this.#put(prefix + word);
        code.jump(done);
      });
    }
  }
}
