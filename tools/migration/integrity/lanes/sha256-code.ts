import { leaves, nodes } from "./sha256-messages.ts";
import { rounds } from "./sha256-rounds.ts";
import { wasmModule } from "./wasm-code.ts";

/**
 * A module that hashes four messages at a time, one in each lane of a vector (FIPS 180-4, section 6.2). `leaves(from,
 * to, groups)` hashes lines of 122 bytes, `nodes(from, to, groups)` pairs of digests; a group is four messages. Digests
 * are kept as eight little-endian words.
 */
export function lanesModule(): Uint8Array<ArrayBuffer> {
  const functions = [rounds(true), rounds(false), leaves(), nodes()];
  return wasmModule(
    functions,
    new Map([
      ["leaves", 2],
      ["nodes", 3],
    ]),
  );
}
