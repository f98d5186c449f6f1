/** The few instructions of WebAssembly that the digest lanes need, by their opcodes (WebAssembly core specification, section 5.4). */
const I32 = 0x7f;
const V128 = 0x7b;
const SIMD = 0xfd;

/** A function under construction: parameters are i32, locals are vectors of four 32-bit words. */
export class WasmFunction {
  readonly parameters: number;
  readonly #vectors: number;
  readonly #bytes: number[] = [];

  constructor(parameters: number, vectors: number) {
    this.parameters = parameters;
    this.#vectors = vectors;
  }

  get(local: number): this {
    return this.#put(0x20, ...unsigned(local));
  }

  set(local: number): this {
    return this.#put(0x21, ...unsigned(local));
  }

  tee(local: number): this {
    return this.#put(0x22, ...unsigned(local));
  }

  i32(value: number): this {
    return this.#put(0x41, ...signed(value));
  }

  addI32(): this {
    return this.#put(0x6a);
  }

  subtractI32(): this {
    return this.#put(0x6b);
  }

  call(index: number): this {
    return this.#put(0x10, ...unsigned(index));
  }

  /** Repeats `body` while the i32 that it leaves is not 0. */
  loop(body: () => void): this {
    this.#put(0x03, 0x40);
    body();
    return this.#put(0x0d, 0, 0x0b);
  }

  /** Vector at the address on the stack plus `offset`. */
  load(offset: number): this {
    return this.#simd(0x00, 0, ...unsigned(offset));
  }

  store(offset: number): this {
    return this.#simd(0x0b, 0, ...unsigned(offset));
  }

  /** Four copies of the word at the address on the stack plus `offset`. */
  loadSplat(offset: number): this {
    return this.#simd(0x09, 0, ...unsigned(offset));
  }

  /** Bytes of the two vectors on the stack, by their index among the 32. */
  shuffle(indexes: readonly number[]): this {
    return this.#simd(0x0d, ...indexes);
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
  body(): number[] {
    return sized([...(this.#vectors === 0 ? [0] : [1, ...unsigned(this.#vectors), V128]), ...this.#bytes, 0x0b]);
  }

  #simd(opcode: number, ...operands: readonly number[]): this {
    return this.#put(SIMD, ...unsigned(opcode), ...operands);
  }

  #put(...bytes: readonly number[]): this {
    this.#bytes.push(...bytes);
    return this;
  }
}

/** The bytes of a module with these functions, some of them exported, over an imported memory `env.memory`. */
export function wasmModule(
  functions: readonly WasmFunction[],
  exported: ReadonlyMap<string, number>,
): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }) => [0x60, parameters, ...new Array<number>(parameters).fill(I32), 0]);
  const memory = [...text("env"), ...text("memory"), 0x02, 0x00, 1];
  const exports = [...exported].map(([name, index]) => [...text(name), 0x00, ...unsigned(index)]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...section(2, [memory]),
    ...section(
      3,
      functions.map((_, index) => unsigned(index)),
    ),
    ...section(7, exports),
    ...section(
      10,
      functions.map((one) => one.body()),
    ),
  ]);
}

function section(id: number, entries: readonly (readonly number[])[]): number[] {
  return [id, ...sized([...unsigned(entries.length), ...entries.flat()])];
}

function sized(bytes: readonly number[]): number[] {
  return [...unsigned(bytes.length), ...bytes];
}

function text(value: string): number[] {
  return sized([...Buffer.from(value, "latin1")]);
}

/** LEB128 of a number that is not negative. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [...bytes, rest];
}

/** Signed LEB128. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const byte = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0)) return [...bytes, byte];
    bytes.push(byte | 0x80);
  }
}
