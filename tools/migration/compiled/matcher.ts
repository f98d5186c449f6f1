import { WasmFunction } from "../integrity/wasm/wasm-function.ts";
import { compileModule, instantiate } from "../integrity/wasm/wasm-memory.ts";
import { wasmModule } from "../integrity/wasm/wasm-module.ts";
import { isJsonObject, type JsonObject } from "../model/json.ts";
import type { ModuleDefinition } from "../model/module.ts";
import { Code } from "./code.ts";
import type { Emission } from "./emission.ts";
import { captureFields, emitInvariant, forgetCaptures } from "./emit-invariants.ts";
import { emitObject } from "./emit-object.ts";
import { emitValue } from "./emit-value.ts";
import { leafValidator } from "./leaf-validator.ts";
import { type MatcherRoom, MOST_REFERENCES, matcherRoom } from "./matcher-room.ts";
import { choicesOf, resolveNode } from "./schema-node.ts";
import { Unsupported, unsupported } from "./unsupported.ts";
import { helperFunctions } from "./vectors/functions.ts";
import { HELPERS } from "./vectors/helpers.ts";

/** Recognises lines that are surely sound; of the others it says nothing. */
export interface LineMatcher {
  /**
   * True only where `[start, end)` of `bytes`, a line without LF out of a block of valid UTF-8, is a line in which
   * `parseLine` and the checks of the module on one entity find nothing; then `id` and the references are those of
   * the line. False says nothing: the authority decides. Never throws, never lets a byte outside decide.
   */
  match(bytes: Uint8Array, start: number, end: number): boolean;
  /**
   * The same for lines that follow each other, each with its LF, in the memory of the room, up to the first that is not
   * accepted or whose references are too many to be kept beside those of the others; how many are accepted. Up to 128 bytes
   * behind them are read.
   */
  matchAll(lines: LineRun): number;
  /** The four words of the id of the last line that was accepted. */
  readonly id: Uint32Array;
  /** Four words for each captured reference of the lines that were accepted. */
  readonly refs: Uint32Array;
  /** For each captured reference the index in `module.references`, and the number of its line. */
  readonly refFields: Uint32Array;
  readonly refLines: Uint32Array;
  readonly refCount: number;
}

/** Lines in the memory of a room. */
export interface LineRun {
  /** Address of the first line. */
  readonly from: number;
  /** Address of the places of the LFs, a word each, and what is to be added to them for an address. */
  readonly ends: number;
  readonly base: number;
  readonly count: number;
  /** Address of the ids that the lines must have, four words each. */
  readonly ids: number;
}

type Lines = (from: number, ends: number, base: number, count: number, ids: number) => number;
const [FROM, ENDS, BASE, COUNT, IDS] = [0, 1, 2, 3, 4];
const [LF, LF_BYTES] = [0x0a, 1];

/** Compiles the matcher of a module; undefined where its schema is beyond what is compiled. */
export function compileMatcher(module: ModuleDefinition, room: MatcherRoom = matcherRoom()): LineMatcher | undefined {
  try {
    return new CompiledMatcher(module, room);
  } catch (error) {
    if (error instanceof Unsupported) return undefined;
    throw error;
  }
}

class CompiledMatcher implements LineMatcher {
  readonly id: Uint32Array;
  readonly refs: Uint32Array;
  readonly refFields: Uint32Array;
  readonly refLines: Uint32Array;
  readonly #room: MatcherRoom;
  readonly #refCount: Uint32Array;
  readonly #end: Int32Array;
  readonly #endAt: number;
  readonly #lines: Lines;

  constructor(module: ModuleDefinition, room: MatcherRoom) {
    const { buffer } = room.memory;
    const words = (part: Parameters<MatcherRoom["addressOf"]>[0], length: number): Uint32Array =>
      new Uint32Array(buffer, room.addressOf(part), length);
    this.#room = room;
    this.id = words("id", 4);
    this.refs = words("refs", 4 * MOST_REFERENCES);
    this.refFields = words("refFields", MOST_REFERENCES);
    this.refLines = words("refLines", MOST_REFERENCES);
    this.#refCount = words("refCount", 1);
    this.#endAt = room.addressOf("end");
    this.#end = new Int32Array(buffer, this.#endAt, 1);
    this.#lines = assemble(module, room);
  }

  get refCount(): number {
    return this.#refCount[0] ?? 0;
  }

  match(bytes: Uint8Array, start: number, end: number): boolean {
    if (!(start >= 0 && start <= end && end <= bytes.length)) return false;
    if (bytes.buffer === this.#room.memory.buffer && end < bytes.length) return this.#matchHere(bytes, start, end);
    const from = this.#room.put(bytes, start, end);
    return from >= 0 && this.#matchAt(from, end - start);
  }

  /** A line in the memory of the room needs no copy, but an LF. */
  #matchHere(bytes: Uint8Array, start: number, end: number): boolean {
    const behind = bytes[end] ?? 0;
    bytes[end] = LF;
    const accepts = this.#matchAt(bytes.byteOffset + start, end - start);
    bytes[end] = behind;
    return accepts;
  }

  #matchAt(from: number, length: number): boolean {
    this.#end[0] = length;
    return this.#lines(from, this.#endAt, from, 1, 0) === 1;
  }

  matchAll({ from, ends, base, count, ids }: LineRun): number {
    return this.#lines(from, ends, base, count, ids);
  }
}

function assemble(module: ModuleDefinition, room: MatcherRoom): Lines {
  const wasm = new WasmFunction({ parameters: 5, result: true });
  const { asks, helpers } = emitLines(wasm, module, room);
  // What is not called is not compiled: the example starts 4 ms earlier.
  const called = helpersOf(room).map((one, at) => (helpers.has(HELPERS[at + 1] ?? "ask") ? one : stubOf(one)));
  const functions = [...called, wasm];
  const ask = { name: "ask", signature: { parameters: 3, result: true } };
  const bytes = wasmModule(functions, new Map([["lines", HELPERS.length]]), [ask]);
  const memory = new Uint8Array(room.memory.buffer);
  const answer = (index: number, from: number, to: number): number => asks[index]?.(memory, from, to) ?? 0;
  const { lines } = instantiate(compileModule(bytes), room.memory, { ask: answer }) as { lines: Lines };
  return lines;
}

function stubOf({ signature }: WasmFunction): WasmFunction {
  return new WasmFunction(signature).i32(0);
}

const helpersByRoom = new WeakMap<MatcherRoom, readonly WasmFunction[]>();

/** The helpers of all matchers of a room: putting them together takes as long as the rest of a matcher. */
function helpersOf(room: MatcherRoom): readonly WasmFunction[] {
  const known =
    helpersByRoom.get(room) ?? helperFunctions({ value: room.addressOf("value"), tens: room.addressOf("tens") });
  helpersByRoom.set(room, known);
  return known;
}

/** The code for all lines; what it asks of JavaScript, and which helpers it calls. */
function emitLines(wasm: WasmFunction, module: ModuleDefinition, room: MatcherRoom): Pick<Code, "asks" | "helpers"> {
  const [end, accepted, references, kept] = [
    wasm.local("i32"),
    wasm.local("i32"),
    wasm.local("i32"),
    wasm.local("i32"),
  ];
  let used: Pick<Code, "asks" | "helpers"> = { asks: [], helpers: new Set() };
  wasm.block((refused) => {
    wasm.repeat((next) => {
      wasm.get(accepted).get(COUNT).op("i32.ge_u").jumpIf(refused);
      wasm.get(ENDS).loadI32(0).get(BASE).addI32().set(end);
      const code = new Code(wasm, room, { end, refused });
      used = code;
      wasm.get(FROM).set(code.place);
      emitLine(code, module, { references, accepted });
      wasm.get(end).i32(LF_BYTES).addI32().set(FROM);
      wasm.get(ENDS).i32(4).addI32().set(ENDS);
      wasm.get(IDS).i32(16).addI32().set(IDS);
      wasm.get(references).set(kept);
      wasm.get(accepted).i32(1).addI32().set(accepted).jump(next);
    });
  });
  wasm.i32(0).get(kept).storeI32(room.addressOf("refCount"));
  wasm.get(accepted);
  return used;
}

/** Locals of the loop over lines: references that were kept, and lines that were accepted. */
interface LineLocals {
  readonly references: number;
  readonly accepted: number;
}

function emitLine(code: Code, module: ModuleDefinition, locals: LineLocals): void {
  const captures = captureFields(code, module.invariants);
  const seen = new Set<number>();
  const open = module.piiFields.filter((field) => (field.pii ?? 0) === 0 && field.freeText);
  const emission: Emission = {
    code,
    root: module.schema,
    validator: leafValidator,
    referenceAt: (path) => {
      const index = module.references.findIndex((reference) => isSame(reference.path, path));
      seen.add(index);
      return index;
    },
    isOpen: (path) => open.some((field) => isWithin(path, field.path)),
    hasReferenceIn: (path) => module.references.some((reference) => isWithin(reference.path, path)),
    isOpenIn: (path) => open.some(({ path: other }) => isWithin(other, path) || isWithin(path, other)),
    keepId: (words) => keepId(code, words),
    keepReference: (words, index) => keepReference(code, words, index, locals),
    value: emitValue,
  };
  forgetCaptures(code, captures);
  const node = pinned(resolveNode(module.schema, module.schema), module);
  emitObject(emission, node, { path: [], opened: false, capture: undefined }, captures);
  if (!module.references.every((_, index) => seen.has(index))) unsupported("a reference that is no string");
  for (const invariant of module.invariants) emitInvariant(code, invariant, captures);
  code.settle();
  code.wasm.get(code.place).get(code.end).op("i32.ne");
  code.refuseIf();
}

/** Stores the words of the id, and compares them with those that the line must have, where there are such. */
function keepId(code: Code, words: number): void {
  const { wasm, room } = code;
  wasm.i32(0).get(words).store(room.addressOf("id"));
  wasm.get(IDS).when(() => {
    wasm.get(IDS).load(0).get(words).xor().anyBit();
    code.refuseIf();
  });
}

function keepReference(code: Code, words: number, index: number, { references, accepted }: LineLocals): void {
  const { wasm, room } = code;
  wasm.get(references).i32(MOST_REFERENCES).op("i32.ge_u");
  code.refuseIf();
  wasm.get(references).shiftLeftI32(4).get(words).store(room.addressOf("refs"));
  wasm.get(references).shiftLeftI32(2).i32(index).storeI32(room.addressOf("refFields"));
  wasm.get(references).shiftLeftI32(2).get(accepted).storeI32(room.addressOf("refLines"));
  wasm.get(references).i32(1).addI32().set(references);
}

/** The schema of an entity with what other checks ask for as well: an id, and the schemaVersion of the module. */
function pinned(node: JsonObject, module: ModuleDefinition): JsonObject {
  const properties = isJsonObject(node["properties"]) ? node["properties"] : unsupported("no properties");
  const required = Array.isArray(node["required"]) ? node["required"] : [];
  if (node["type"] !== "object" || choicesOf(node) !== undefined) unsupported("entities that are no plain objects");
  const version = properties["schemaVersion"];
  const id = resolveNode(properties["id"], module.schema);
  if (version === undefined || id["type"] !== "string") unsupported("no schemaVersion or no id");
  return {
    ...node,
    required: [...new Set([...required, "id", "schemaVersion"])],
    properties: {
      ...properties,
      schemaVersion: { ...resolveNode(version, module.schema), const: module.schemaVersion },
    },
  };
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((step, index) => step === b[index]);
}

function isWithin(path: readonly string[], outer: readonly string[]): boolean {
  return isSame(path.slice(0, outer.length), outer);
}
