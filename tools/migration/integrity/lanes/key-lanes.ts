import { WasmFunction } from "../wasm/wasm-function.ts";
import { compileModule, instantiate, type SharedMemory } from "../wasm/wasm-memory.ts";
import { wasmModule } from "../wasm/wasm-module.ts";

/** Where the parts of a registry are in the memory that threads share. */
export interface RegistryParts {
  readonly text: number;
  readonly offsets: number;
  readonly words: number;
  readonly slots: number;
  /** The number of slots less 1, and the bits of a slot that hold a position. */
  readonly mask: number;
  readonly positions: number;
}

/** Lookups of legacy ids in a registry; all places are addresses in memory that threads share. */
export interface KeyLanes {
  /**
   * Puts the index of each of `count` keys, one at least, or -1, in its place: two words for each from `keys` on say where its
   * bytes are and how many; the first becomes its index. Step by step for all of them, so that they wait for memory together.
   */
  findKeys(keys: number, count: number): void;
  /** Makes the entries of `[begin, end)` known to lookups; several threads may do so at the same time. */
  indexEntries(begin: number, end: number): void;
}

/** Bytes of a key in the list of `findKeys`. */
export const KEY_BYTES = 12;

/** Lookups in the registry with these parts. Made for it alone: what never changes is in the code. */
export function createKeyLanes(memory: SharedMemory, parts: RegistryParts): KeyLanes {
  const functions = [hashKey(), isKey(parts), findKeys(parts), indexEntries(parts)];
  const exported = new Map([
    ["findKeys", FIND_KEYS],
    ["indexEntries", INDEX_ENTRIES],
  ]);
  return instantiate(compileModule(wasmModule(functions, exported, [], { isShared: true })), memory) as KeyLanes;
}

const [HASH_KEY, IS_KEY, FIND_KEYS, INDEX_ENTRIES] = [0, 1, 2, 3];
const [START, PRIME, MIX] = [0x811c9dc5, 0x01000193, 0x2c1b3c6d];

/** `hash(from, length)`: FNV-1a with a final mix, so that ids that differ in the last digit spread over all bits. */
function hashKey(): WasmFunction {
  const [AT, LENGTH] = [0, 1];
  const code = new WasmFunction({ parameters: 2, result: true });
  const hash = code.local("i32");
  code.i32(START).set(hash);
  code.block((end) => {
    code.repeat((again) => {
      code.get(LENGTH).op("i32.eqz").jumpIf(end);
      code.get(hash).get(AT).access("i32.load8_u").op("i32.xor").i32(PRIME).op("i32.mul").set(hash);
      code.get(AT).i32(1).addI32().set(AT);
      code.get(LENGTH).i32(1).subtractI32().set(LENGTH).jump(again);
    });
  });
  code.get(hash).get(hash).i32(15).op("i32.shr_u").op("i32.xor").i32(MIX).op("i32.mul").tee(hash);
  return code.get(hash).i32(13).op("i32.shr_u").op("i32.xor");
}

/** `isKey(index, from, length)`: 1 where the entry has exactly this legacy id. Up to 15 bytes behind both are read. */
function isKey({ text, offsets }: RegistryParts): WasmFunction {
  const [INDEX, FROM, LENGTH] = [0, 1, 2];
  const code = new WasmFunction({ parameters: 3, result: true });
  const [begin, bits] = [code.local("i32"), code.local("i32")];
  code
    .get(INDEX)
    .shiftLeftI32(2)
    .tee(begin)
    .loadI32(offsets + 4);
  code.get(begin).loadI32(offsets).tee(begin).subtractI32().get(LENGTH).op("i32.ne");
  code.when(() => code.i32(0).leave());
  code.block((end) => {
    code.repeat((again) => {
      code.get(LENGTH).op("i32.eqz").jumpIf(end);
      code.get(begin).load(text).get(FROM).load(0).op("i8x16.ne").op("i8x16.bitmask").set(bits);
      code
        .get(LENGTH)
        .i32(16)
        .isBelow()
        .when(() => {
          // Of the last vector only the first bytes count.
          code.get(bits).i32(1).get(LENGTH).op("i32.shl").i32(1).subtractI32().op("i32.and").op("i32.eqz").leave();
        });
      code.get(bits).when(() => code.i32(0).leave());
      for (const local of [begin, FROM]) code.get(local).i32(16).addI32().set(local);
      code.get(LENGTH).i32(16).subtractI32().set(LENGTH).jump(again);
    });
  });
  return code.i32(1);
}

function findKeys({ text, offsets, words, slots, mask, positions }: RegistryParts): WasmFunction {
  const [KEYS, COUNT] = [0, 1];
  const code = new WasmFunction({ parameters: 2 });
  const integer = (): number => code.local("i32");
  const [key, left, hash, slot, tagged, touched] = [integer(), integer(), integer(), integer(), integer(), integer()];
  const index = integer();
  const each = (body: () => void): void => {
    code.get(KEYS).set(key).get(COUNT).set(left);
    code.loop(() => {
      body();
      code.get(key).i32(KEY_BYTES).addI32().set(key);
      code.get(left).i32(1).subtractI32().tee(left);
    });
  };
  const from = (): WasmFunction => code.get(key).loadI32(0);
  const length = (): WasmFunction => code.get(key).loadI32(4);
  const slotAt = (): WasmFunction => code.get(slot).i32(mask).op("i32.and").shiftLeftI32(2).loadI32(slots);
  const touch = (): WasmFunction => code.get(touched).op("i32.xor").set(touched);
  /** The index in a slot; that of the first entry for a free one. */
  const setIndex = (): void => {
    code.get(tagged).i32(positions).op("i32.and").tee(index).get(index).i32(0).op("i32.ne").subtractI32().set(index);
  };
  each(() => {
    from();
    length();
    code.call(HASH_KEY).tee(slot).set(hash);
    code.get(key).get(hash).storeI32(8);
    slotAt();
    touch();
  });
  each(() => {
    code.get(key).loadI32(8).set(slot);
    slotAt().set(tagged);
    setIndex();
    code.get(index).shiftLeftI32(2).loadI32(offsets);
    touch();
    code.get(index).shiftLeftI32(4).loadI32(words);
    touch();
  });
  each(() => {
    code.get(key).loadI32(8).set(slot);
    slotAt().set(tagged);
    setIndex();
    code.get(index).shiftLeftI32(2).loadI32(offsets).loadI32(text);
    touch();
  });
  each(() => {
    code.get(key).loadI32(8).tee(slot).set(hash);
    code.block((found) => {
      code.repeat((again) => {
        slotAt()
          .tee(tagged)
          .op("i32.eqz")
          .when(() => code.i32(-1).set(index).jump(found));
        setIndex();
        code
          .get(tagged)
          .get(hash)
          .op("i32.xor")
          .i32(~positions)
          .op("i32.and")
          .op("i32.eqz")
          .when(() => {
            code.get(index);
            from();
            length();
            code.call(IS_KEY).jumpIf(found);
          });
        code.get(slot).i32(1).addI32().set(slot).jump(again);
      });
    });
    code.get(key).get(index).storeI32(0);
  });
  // What was only read to wait for it must not seem to be of no use.
  code
    .get(touched)
    .i32(1)
    .isEqual()
    .when(() => code.get(KEYS).get(KEYS).loadI32(0).storeI32(0));
  return code;
}

function indexEntries({ text, offsets, slots, mask, positions }: RegistryParts): WasmFunction {
  const [AT, END] = [0, 1];
  const code = new WasmFunction({ parameters: 2 });
  const [slot, tagged, begin] = [code.local("i32"), code.local("i32"), code.local("i32")];
  code.block((end) => {
    code.repeat((next) => {
      code.get(AT).get(END).op("i32.ge_u").jumpIf(end);
      code.get(AT).shiftLeftI32(2).loadI32(offsets).tee(begin).i32(text).addI32();
      code
        .get(AT)
        .shiftLeftI32(2)
        .loadI32(offsets + 4)
        .get(begin)
        .subtractI32();
      code.call(HASH_KEY).tee(slot).i32(~positions).op("i32.and").get(AT).i32(1).addI32().op("i32.or").set(tagged);
      code.block((taken) => {
        code.repeat((again) => {
          code.get(slot).i32(mask).op("i32.and").shiftLeftI32(2).i32(0).get(tagged).exchangeIf(slots);
          code.op("i32.eqz").jumpIf(taken);
          code.get(slot).i32(1).addI32().set(slot).jump(again);
        });
      });
      code.get(AT).i32(1).addI32().set(AT).jump(next);
    });
  });
  return code;
}
