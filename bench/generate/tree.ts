import { createHash, hash } from "node:crypto";

/** A Merkle tree hash after RFC 6962, section 2.1, leaf by leaf: a stack of perfect subtrees. */
export class Tree {
  readonly #stack: { readonly height: number; readonly hash: Uint8Array }[] = [];

  add(leaf: string): void {
    let node: { readonly height: number; readonly hash: Uint8Array } = {
      height: 0,
      hash: createHash("sha256").update("\0").update(leaf).digest(),
    };
    for (;;) {
      const left = this.#stack.at(-1);
      if (left === undefined || left.height !== node.height) break;
      this.#stack.pop();
      node = { height: node.height + 1, hash: nodeHash(left.hash, node.hash) };
    }
    this.#stack.push(node);
  }

  /** In hex. */
  root(): string {
    const [last, ...rest] = [...this.#stack].reverse();
    if (last === undefined) return hash("sha256", "");
    return Buffer.from(rest.reduce((right, left) => nodeHash(left.hash, right), last.hash)).toString("hex");
  }
}

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return createHash("sha256").update("\x01").update(left).update(right).digest();
}
