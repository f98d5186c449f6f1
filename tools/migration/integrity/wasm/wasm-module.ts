import { ByteSink, sized } from "./byte-sink.ts";
import { VALUE_TYPES, type WasmFunction } from "./wasm-function.ts";

/** The bytes of a module with these functions, some of them exported, over an imported memory `env.memory`. */
export function wasmModule(
  functions: readonly WasmFunction[],
  exported: ReadonlyMap<string, number>,
): Uint8Array<ArrayBuffer> {
  const { i32 } = VALUE_TYPES;
  const types = functions.map(({ signature: { parameters, result = false } }) => [
    ...[0x60, parameters, ...new Array<number>(parameters).fill(i32)],
    ...(result ? [1, i32] : [0]),
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

function text(value: string): Uint8Array {
  return sized(Buffer.from(value, "latin1"));
}
