/** Bytes one behind the other, and the variable-length numbers of WebAssembly among them; arrays of numbers took ten times as long. */
export class ByteSink {
  #room = new Uint8Array(64);
  #length = 0;

  /** What was put so far. */
  get bytes(): Uint8Array {
    return this.#room.subarray(0, this.#length);
  }

  get length(): number {
    return this.#length;
  }

  /** Takes back what was put behind the first `length` bytes. */
  shorten(length: number): void {
    this.#length = Math.min(length, this.#length);
  }

  put(byte: number): this {
    if (this.#length === this.#room.length) {
      const room = new Uint8Array(2 * this.#length);
      room.set(this.#room);
      this.#room = room;
    }
    this.#room[this.#length] = byte;
    this.#length += 1;
    return this;
  }

  /** LEB128 of a number that is not negative. */
  unsigned(value: number): this {
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.put((rest & 0x7f) | 0x80);
    return this.put(rest);
  }

  /** Signed LEB128. */
  signed(value: number): this {
    let rest = value | 0;
    for (;;) {
      const byte = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0)) return this.put(byte);
      this.put(byte | 0x80);
    }
  }

  /** Signed LEB128 of 64 bits. */
  signed64(value: bigint): this {
    let rest = BigInt.asIntN(64, value);
    for (;;) {
      const byte = Number(rest & 0x7fn);
      rest >>= 7n;
      if ((rest === 0n && (byte & 0x40) === 0) || (rest === -1n && (byte & 0x40) !== 0)) return this.put(byte);
      this.put(byte | 0x80);
    }
  }
}

/** Bytes behind their number. */
export function sized(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([new ByteSink().unsigned(bytes.length).bytes, bytes]);
}
