import { WasmFunction } from "../wasm/wasm-function.ts";
import { compileModule, instantiate, type SharedMemory } from "../wasm/wasm-memory.ts";
import { wasmModule } from "../wasm/wasm-module.ts";

/** A bucket with more ids is not looked through here. */
const FEW_IDS = 32;
/** The position of an id that is not surely told here. */
export const UNDECIDED = -2;

/** Lookups in memory that threads share; all places are addresses there. */
export interface LookupLanes {
  /**
   * Puts the position of each of `count` ids, one at least, four words each from `ids` on, to `positions`: -1 for one that is
   * not there, UNDECIDED for one among others with the same first word, or in a bucket with many. `words`, of which there are
   * those of `size` ids, `heads` and `buckets` are those of an index, and `shift` the bits of a first word that its bucket leaves out.
   *
   * Step by step for all of them, so that they wait for memory together: what a branch depends on is read before, because
   * behind a branch that is guessed wrong nothing is waited for yet. 1 M ids in any order: 40 ns each; the same in JavaScript,
   * which takes five times as many instructions, 105 ns.
   */
  findIds(
    ids: number,
    count: number,
    positions: number,
    words: number,
    size: number,
    heads: number,
    buckets: number,
    shift: number,
  ): void;
}

let compiled: object | undefined;

/** Lookups in this memory. */
export function createLookups(memory: SharedMemory): LookupLanes {
  compiled ??= compileModule(wasmModule([findIds()], new Map([["findIds", 0]]), [], { isShared: true }));
  return instantiate(compiled, memory) as LookupLanes;
}

const [IDS, COUNT, POSITIONS, WORDS, SIZE, HEADS, BUCKETS, SHIFT] = [0, 1, 2, 3, 4, 5, 6, 7];
const [ID_BITS, WORD_BITS] = [4, 2];

function findIds(): WasmFunction {
  const code = new WasmFunction({ parameters: 8 });
  const integer = (): number => code.local("i32");
  const [id, at, left, place, end, head, touched] = [
    integer(),
    integer(),
    integer(),
    integer(),
    integer(),
    integer(),
    integer(),
  ];
  /** Does `body` for each id: `id` is its address, `at` that of its position. */
  const each = (body: () => void): void => {
    code.get(IDS).set(id).get(POSITIONS).set(at).get(COUNT).set(left);
    code.loop(() => {
      body();
      code.get(id).i32(16).addI32().set(id);
      code.get(at).i32(4).addI32().set(at);
      code.get(left).i32(1).subtractI32().tee(left);
    });
  };
  const bucket = (): WasmFunction =>
    code.get(BUCKETS).get(head).get(SHIFT).op("i32.shr_u").shiftLeftI32(WORD_BITS).addI32();
  const headAt = (position: number): WasmFunction =>
    code.get(HEADS).get(position).shiftLeftI32(WORD_BITS).addI32().loadI32(0);
  const idAt = (position: number): WasmFunction => code.get(WORDS).get(position).shiftLeftI32(ID_BITS).addI32();
  const touch = (): WasmFunction => code.get(touched).op("i32.xor").set(touched);
  each(() => {
    code.get(id).loadI32(0).set(head);
    bucket().loadI32(0).set(place);
    code.get(at).get(place).storeI32(0);
    headAt(place);
    touch();
  });
  each(() => {
    code.get(id).loadI32(0).set(head);
    bucket().loadI32(4).set(end);
    code.get(at).loadI32(0).set(place);
    code
      .get(end)
      .get(place)
      .subtractI32()
      .i32(FEW_IDS)
      .op("i32.le_u")
      .when(() => {
        code.block((found) => {
          code.repeat((again) => {
            code.get(place).get(end).op("i32.ge_u").jumpIf(found);
            headAt(place).get(head).op("i32.ge_u").jumpIf(found);
            code.get(place).i32(1).addI32().set(place).jump(again);
          });
        });
      });
    code.get(at).get(place).storeI32(0);
  });
  each(() => {
    code.get(at).loadI32(0).set(place);
    idAt(place).loadI32(4);
    touch();
  });
  each(() => {
    code.get(at).loadI32(0).set(place);
    idAt(place)
      .load(0)
      .get(id)
      .load(0)
      .op("i8x16.eq")
      .op("i8x16.all_true")
      .get(place)
      .get(SIZE)
      .isBelow()
      .op("i32.and")
      .op("i32.eqz")
      .when(() => {
        code.get(id).loadI32(0).set(head);
        code.get(at);
        // Behind the last id with a lower head is none with the same one: then it is not there.
        code.i32(UNDECIDED).i32(-1);
        bucket().loadI32(4).tee(end).get(place).subtractI32().i32(FEW_IDS).op("i32.gt_u");
        code.get(place).get(end).isBelow();
        headAt(place).get(head).isEqual().op("i32.and").op("i32.or");
        code.op("select").storeI32(0);
      });
  });
  // What was only read to wait for it must not seem to be of no use.
  code
    .get(touched)
    .i32(1)
    .isEqual()
    .when(() => code.get(POSITIONS).get(POSITIONS).loadI32(0).storeI32(0));
  return code;
}
