import { wasmModule } from "../wasm/wasm-module.ts";
import { rowCells } from "./cell-lanes.ts";
import { differ } from "./hex-lanes.ts";
import { ids } from "./id-lanes.ts";
import { entities, gather } from "./line-lanes.ts";
import { registryEntries } from "./registry-lanes.ts";
import { lines } from "./sha256-lines.ts";
import { leaves, nodes } from "./sha256-messages.ts";
import { rounds } from "./sha256-rounds.ts";

/** A module with the functions of `Lanes`: four messages are hashed at a time, one in each lane of a vector (FIPS 180-4, section 6.2). */
export function lanesModule(): Uint8Array<ArrayBuffer> {
  const functions = [
    rounds(true),
    rounds(false),
    leaves(),
    nodes(),
    lines(),
    differ(),
    gather(),
    entities(),
    ids(),
    registryEntries(),
    rowCells(),
  ];
  return wasmModule(
    functions,
    new Map([
      ["leaves", 2],
      ["nodes", 3],
      ["lines", 4],
      ["differ", 5],
      ["gather", 6],
      ["entities", 7],
      ["ids", 8],
      ["registryEntries", 9],
      ["rowCells", 10],
    ]),
  );
}
