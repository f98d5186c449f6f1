import { ByteSink, sized } from "./byte-sink.ts";
import { ACCESSES, PLAIN, VALUE_TYPES, VECTOR } from "./opcodes.ts";

const SIMD = 0xfd;
const [NO_RESULT, END] = [0x40, 0x0b];

export type ValueType = keyof typeof VALUE_TYPES;

/** A place to which code can jump: the end of a `block`, the begin of a `repeat`. */
export interface Label {
  readonly depth: number;
}

/** How far a function has got. */
export interface WasmMark {
  readonly length: number;
  readonly depth: number;
}

/** What a function takes, all of it i32, and whether it leaves an i32. */
export interface WasmSignature {
  readonly parameters: number;
  readonly result?: boolean;
}

/** Locals that are there from the start: indexes count the parameters first, then vectors, then integers (i32). */
export interface WasmLocals extends WasmSignature {
  readonly vectors?: number;
  readonly integers?: number;
}

/** A function under construction. */
export class WasmFunction {
  readonly signature: WasmSignature;
  readonly #locals: number[] = [];
  readonly #bytes = new ByteSink();
  #depth = 0;
  #body: Uint8Array | undefined;

  constructor({ vectors = 0, integers = 0, ...signature }: WasmLocals) {
    this.signature = signature;
    for (let at = 0; at < vectors; at += 1) this.local("v128");
    for (let at = 0; at < integers; at += 1) this.local("i32");
  }

  /** The index of a new local, which starts as zero. */
  local(type: ValueType): number {
    return this.signature.parameters + this.#locals.push(VALUE_TYPES[type]) - 1;
  }

  get(local: number): this {
    return this.#with(0x20, local);
  }

  set(local: number): this {
    return this.#with(0x21, local);
  }

  tee(local: number): this {
    return this.#with(0x22, local);
  }

  i32(value: number): this {
    this.#bytes.put(0x41).signed(value);
    return this;
  }

  i64(value: bigint): this {
    this.#bytes.put(0x42).signed64(value);
    return this;
  }

  f64(value: number): this {
    return this.#put(0x44).#all(Buffer.from(Float64Array.of(value).buffer));
  }

  /** An instruction on what is on the stack. */
  op(name: keyof typeof PLAIN | keyof typeof VECTOR): this {
    return name in PLAIN
      ? this.#put(PLAIN[name as keyof typeof PLAIN])
      : this.#simd(VECTOR[name as keyof typeof VECTOR]);
  }

  /** A load from the address on the stack plus `offset`, or a store there. */
  access(name: keyof typeof ACCESSES, offset = 0): this {
    return this.#put(ACCESSES[name]).#with(0, offset);
  }

  /**
   * Replaces the word at the address plus `offset` at once for all threads, where it is the second value on the stack, by the
   * upper one; leaves what was there.
   */
  exchangeIf(offset: number): this {
    return this.#put(0xfe).#with(0x48, 2).#bytesOf(offset);
  }

  addI32(): this {
    return this.op("i32.add");
  }

  subtractI32(): this {
    return this.op("i32.sub");
  }

  shiftLeftI32(bits: number): this {
    return this.i32(bits).op("i32.shl");
  }

  isEqual(): this {
    return this.op("i32.eq");
  }

  /** 1 where the first is below the second, both without sign. */
  isBelow(): this {
    return this.op("i32.lt_u");
  }

  loadI32(offset: number): this {
    return this.access("i32.load", offset);
  }

  storeI32(offset: number): this {
    return this.access("i32.store", offset);
  }

  /** The low byte of the i32 on the stack, to the address below it plus `offset`. */
  storeByte(offset: number): this {
    return this.access("i32.store8", offset);
  }

  /** Copies bytes: how many, from which address, and to which, from the top of the stack on. */
  copyBytes(): this {
    return this.#put(0xfc).#with(0x0a, 0).#put(0);
  }

  call(index: number): this {
    return this.#with(0x10, index);
  }

  /** Ends the function, with the i32 on the stack where it has a result. */
  leave(): this {
    return this.#put(0x0f);
  }

  /** What was put so far, to be gone back to. */
  get mark(): WasmMark {
    return { length: this.#bytes.length, depth: this.#depth };
  }

  /** Takes back all that was put since `mark`, but not the locals. */
  goBack({ length, depth }: WasmMark): void {
    this.#bytes.shorten(length);
    this.#depth = depth;
  }

  /** Repeats `body` while the i32 that it leaves is not 0. */
  loop(body: () => void): this {
    return this.#nested(0x03, () => {
      body();
      this.#put(0x0d).#put(0);
    });
  }

  /** Does `body`, which may jump to its own end. */
  block(body: (end: Label) => void): this {
    return this.#nested(0x02, body);
  }

  /** Does `body`, which may jump to its own begin. */
  repeat(body: (again: Label) => void): this {
    return this.#nested(0x03, body);
  }

  jump(label: Label): this {
    return this.#with(0x0c, this.#depth - label.depth);
  }

  /** Jumps where the i32 on the stack is not 0. */
  jumpIf(label: Label): this {
    return this.#with(0x0d, this.#depth - label.depth);
  }

  /** Does `body` where the i32 on the stack is not 0, and `otherwise` where it is. */
  when(body: () => void, otherwise?: () => void): this {
    return this.#nested(0x04, () => {
      body();
      if (otherwise === undefined) return;
      this.#put(0x05);
      otherwise();
    });
  }
  /** The vector of these 16 bytes. */
  bytes(values: readonly number[]): this {
    return this.#simd(0x0c).#all(values);
  }

  /** Vector at the address on the stack plus `offset`. */
  load(offset: number): this {
    return this.#simd(0x00).#with(0, offset);
  }

  store(offset: number): this {
    return this.#simd(0x0b).#with(0, offset);
  }

  /** Four copies of the word at the address on the stack plus `offset`. */
  loadSplat(offset: number): this {
    return this.#simd(0x09).#with(0, offset);
  }

  /** Bytes of the two vectors on the stack, by their index among the 32. */
  shuffle(indexes: readonly number[]): this {
    return this.#simd(0x0d).#all(indexes);
  }

  /** Bytes of the lower vector on the stack, by the index in each byte of the upper one. */
  pick(): this {
    return this.#simd(0x0e);
  }

  /** The word of a lane. */
  lane(at: number): this {
    return this.#simd(0x1b).#put(at);
  }

  /** 1 where any bit is set. */
  anyBit(): this {
    return this.op("v128.any_true");
  }

  add(): this {
    return this.#simd(0xae);
  }

  and(): this {
    return this.op("v128.and");
  }

  or(): this {
    return this.op("v128.or");
  }

  xor(): this {
    return this.op("v128.xor");
  }

  shiftLeft(bits: number): this {
    return this.i32(bits).#simd(0xab);
  }

  shiftRight(bits: number): this {
    return this.i32(bits).#simd(0xad);
  }

  /** Locals, code and end, with their length before them: the function is then finished. */
  body(): Uint8Array {
    this.#body ??= this.#made();
    return this.#body;
  }

  #made(): Uint8Array {
    const locals = new ByteSink().unsigned(this.#locals.length);
    for (const type of this.#locals) locals.put(1).put(type);
    return sized(Buffer.concat([locals.bytes, this.#bytes.bytes, Uint8Array.of(END)]));
  }

  #nested(opcode: number, body: (label: Label) => void): this {
    this.#put(opcode).#put(NO_RESULT);
    this.#depth += 1;
    body({ depth: this.#depth });
    this.#depth -= 1;
    return this.#put(END);
  }

  #simd(opcode: number): this {
    return this.#with(SIMD, opcode);
  }

  #with(byte: number, operand: number): this {
    this.#bytes.put(byte).unsigned(operand);
    return this;
  }

  #bytesOf(value: number): this {
    this.#bytes.unsigned(value);
    return this;
  }

  #all(bytes: Iterable<number>): this {
    for (const byte of bytes) this.#bytes.put(byte);
    return this;
  }

  #put(byte: number): this {
    this.#bytes.put(byte);
    return this;
  }
}
