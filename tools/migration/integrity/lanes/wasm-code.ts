import { ByteSink } from "./byte-sink.ts";

/** The few instructions of WebAssembly that the lanes need, by their opcodes (WebAssembly core specification, section 5.4). */
const I32 = 0x7f;
const V128 = 0x7b;
const SIMD = 0xfd;

/** Parameters and locals of a function: indexes count the parameters (i32) first, then vectors, then integers (i32). */
export interface WasmLocals {
  readonly parameters: number;
  readonly vectors: number;
  readonly integers?: number;
  /** True where it leaves an i32. */
  readonly result?: boolean;
}

/** A function under construction, over vectors of four 32-bit words. */
export class WasmFunction {
  readonly locals: WasmLocals;
  readonly #bytes = new ByteSink();

  constructor(locals: WasmLocals) {
    this.locals = locals;
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

  addI32(): this {
    return this.#put(0x6a);
  }

  subtractI32(): this {
    return this.#put(0x6b);
  }

  shiftLeftI32(bits: number): this {
    return this.i32(bits).#put(0x74);
  }

  isEqual(): this {
    return this.#put(0x46);
  }

  /** 1 where the first is below the second, both without sign. */
  isBelow(): this {
    return this.#put(0x49);
  }

  loadI32(offset: number): this {
    return this.#put(0x28).#with(0, offset);
  }

  storeI32(offset: number): this {
    return this.#put(0x36).#with(0, offset);
  }

  /** The low byte of the i32 on the stack, to the address below it plus `offset`. */
  storeByte(offset: number): this {
    return this.#put(0x3a).#with(0, offset);
  }

  /** Copies bytes: how many, from which address, and to which, from the top of the stack on. */
  copyBytes(): this {
    return this.#put(0xfc).#with(0x0a, 0).#put(0);
  }

  call(index: number): this {
    return this.#with(0x10, index);
  }

  /** Repeats `body` while the i32 that it leaves is not 0. */
  loop(body: () => void): this {
    this.#put(0x03).#put(0x40);
    body();
    return this.#put(0x0d).#put(0).#put(0x0b);
  }

  /** Does `body` where the i32 on the stack is not 0, and `otherwise` where it is. */
  when(body: () => void, otherwise?: () => void): this {
    this.#put(0x04).#put(0x40);
    body();
    if (otherwise !== undefined) {
      this.#put(0x05);
      otherwise();
    }
    return this.#put(0x0b);
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

  /** 1 where any bit is set. */
  anyBit(): this {
    return this.#simd(0x53);
  }

  add(): this {
    return this.#simd(0xae);
  }

  and(): this {
    return this.#simd(0x4e);
  }

  or(): this {
    return this.#simd(0x50);
  }

  xor(): this {
    return this.#simd(0x51);
  }

  shiftLeft(bits: number): this {
    return this.i32(bits).#simd(0xab);
  }

  shiftRight(bits: number): this {
    return this.i32(bits).#simd(0xad);
  }

  /** Locals, code and end, with their length before them. */
  body(): Uint8Array {
    const { vectors, integers = 0 } = this.locals;
    const locals = new ByteSink().put(2).unsigned(vectors).put(V128).unsigned(integers).put(I32).bytes;
    return sized(Buffer.concat([locals, this.#bytes.bytes, Uint8Array.of(0x0b)]));
  }

  #simd(opcode: number): this {
    return this.#with(SIMD, opcode);
  }

  #with(byte: number, operand: number): this {
    this.#bytes.put(byte).unsigned(operand);
    return this;
  }

  #all(bytes: readonly number[]): this {
    for (const byte of bytes) this.#bytes.put(byte);
    return this;
  }

  #put(byte: number): this {
    this.#bytes.put(byte);
    return this;
  }
}

/** The bytes of a module with these functions, some of them exported, over an imported memory `env.memory`. */
export function wasmModule(
  functions: readonly WasmFunction[],
  exported: ReadonlyMap<string, number>,
): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ locals: { parameters, result = false } }) => [
    ...[0x60, parameters, ...new Array<number>(parameters).fill(I32)],
    ...(result ? [1, I32] : [0]),
  ]);
  const memory = [...text("env"), ...text("memory"), 0x02, 0x00, 1];
  const exports = [...exported].map(([name, index]) => [...text(name), 0x00, index]);
  const sections = [
    Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
    section(1, types.map(bytesOf)),
    section(2, [bytesOf(memory)]),
    section(
      3,
      functions.map((_, index) => Uint8Array.of(index)),
    ),
    section(7, exports.map(bytesOf)),
    section(
      10,
      functions.map((one) => one.body()),
    ),
  ];
  return Uint8Array.from(Buffer.concat(sections));
}

function bytesOf(values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}

function section(id: number, entries: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat([new ByteSink().unsigned(entries.length).bytes, ...entries]);
  return Buffer.concat([Uint8Array.of(id), sized(content)]);
}

function sized(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([new ByteSink().unsigned(bytes.length).bytes, bytes]);
}

function text(value: string): Uint8Array {
  return sized(Buffer.from(value, "latin1"));
}
