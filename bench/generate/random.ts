/** Pseudo-random numbers by counter: the same seed, module and record index give the same numbers on every machine. */
export class Random {
  readonly #salt: number;
  #state = 0;

  constructor(seed: number, module: string) {
    let salt = seed | 0;
    for (let at = 0; at < module.length; at += 1) salt = Math.imul(salt ^ module.charCodeAt(at), 0x01000193);
    this.#salt = salt;
  }

  /** Goes to the numbers of one record, so that records can be made in any order. */
  seek(index: number): this {
    this.#state = Math.imul(index + 1, 0x9e3779b1) ^ this.#salt;
    this.#next();
    return this;
  }

  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor((this.#next() / 0x1_0000_0000) * limit);
  }

  /** One of the elements. */
  pick<T>(elements: readonly [T, ...T[]]): T {
    return elements[this.below(elements.length)] ?? elements[0];
  }

  /** Mulberry32: 32 bits from a counter. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return (bits ^ (bits >>> 14)) >>> 0;
  }
}
