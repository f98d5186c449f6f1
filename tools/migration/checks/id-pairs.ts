/** A growing list of pairs of UUIDs, 32 bytes each. */
export class IdPairs {
  #bytes = Buffer.alloc(0);
  #size = 0;

  add(first: string, second: string): void {
    if ((this.#size + 1) * 32 > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(1024, this.#bytes.length * 2));
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    this.#bytes.write(first.replaceAll("-", ""), this.#size * 32, 16, "hex");
    this.#bytes.write(second.replaceAll("-", ""), this.#size * 32 + 16, 16, "hex");
    this.#size += 1;
  }

  *[Symbol.iterator](): Generator<readonly [string, string]> {
    for (let index = 0; index < this.#size; index += 1) {
      yield [this.#uuid(index * 32), this.#uuid(index * 32 + 16)];
    }
  }

  #uuid(offset: number): string {
    const hex = this.#bytes.toString("hex", offset, offset + 16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }
}
