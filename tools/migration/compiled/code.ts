import { differs } from "../integrity/lanes/scan-lanes.ts";
import { type UuidLocals, uuidLocals } from "../integrity/lanes/uuid-lanes.ts";
import type { Label, ValueType, WasmFunction } from "../integrity/wasm/wasm-function.ts";
import type { MatcherRoom } from "./matcher-room.ts";
import { Unsupported } from "./unsupported.ts";
import { callHelper, type Helper, withCalled } from "./vectors/helpers.ts";

/** What JavaScript is asked of `bytes[from, to)`: 0 refuses the line. */
export type Ask = (bytes: Uint8Array, from: number, to: number) => number;

/**
 * The code for a line under construction: a place in the line that moves on, from which the line is refused where a byte is
 * not as it must be. No construct takes an LF, so that none gets beyond the line.
 */
export class Code {
  readonly wasm: WasmFunction;
  readonly room: MatcherRoom;
  readonly asks: Ask[] = [];
  readonly helpers = new Set<Helper>();
  /** The local with the place, as far as `#ahead` says not more. */
  readonly place: number;
  /** The local with the address of the LF. */
  readonly end: number;
  readonly uuid: UuidLocals;
  readonly #refused: Label;
  /** Bytes behind `place` that were taken: known here, so that moving on costs nothing. */
  #ahead = 0;

  constructor(wasm: WasmFunction, room: MatcherRoom, { end, refused }: { end: number; refused: Label }) {
    this.wasm = wasm;
    this.room = room;
    this.place = wasm.local("i32");
    this.end = end;
    this.uuid = uuidLocals(wasm);
    this.#refused = refused;
  }

  local(type: ValueType = "i32"): number {
    return this.wasm.local(type);
  }

  /** Bytes between `place` and where the code has got to. */
  get ahead(): number {
    return this.#ahead;
  }

  /** Moves on by bytes that were looked at. */
  skip(bytes: number): void {
    this.#ahead += bytes;
  }

  /** Makes `place` where the code has got to. */
  settle(): void {
    if (this.#ahead > 0) this.wasm.get(this.place).i32(this.#ahead).addI32().set(this.place);
    this.#ahead = 0;
  }

  /** Says that `place` was set to where the code has got to. */
  settled(): void {
    this.#ahead = 0;
  }

  /** A new local with the present place, which is settled. */
  mark(): number {
    this.settle();
    const local = this.local();
    this.wasm.get(this.place).set(local);
    return local;
  }

  /** Leaves the address `offset` bytes on. */
  address(offset = 0): WasmFunction {
    return this.wasm
      .get(this.place)
      .i32(this.#ahead + offset)
      .addI32();
  }

  /** Leaves the byte `offset` bytes on. */
  byte(offset = 0): WasmFunction {
    return this.wasm.get(this.place).access("i32.load8_u", this.#ahead + offset);
  }

  /** Leaves 1 where `text` does not stand `offset` bytes on. */
  differs(text: string, offset = 0): WasmFunction {
    return differs(this.wasm, this.place, this.#ahead + offset, text);
  }

  /** Takes `text`. */
  expect(text: string): void {
    this.differs(text);
    this.refuseIf();
    this.skip(Buffer.byteLength(text, "utf8"));
  }

  refuse(): void {
    this.wasm.jump(this.#refused);
  }

  /** Refuses the line where the i32 on the stack is not 0. */
  refuseIf(): void {
    this.wasm.jumpIf(this.#refused);
  }

  /** Refuses the line where the i32 on the stack is 0. */
  require(): void {
    this.wasm.op("i32.eqz");
    this.refuseIf();
  }

  /** Does `body` where the i32 on the stack is not 0, else `otherwise`; the place must be settled, and is so behind it. */
  when(body: () => void, otherwise?: () => void): void {
    this.#assertSettled();
    const settled = (part: () => void) => () => {
      part();
      this.settle();
    };
    this.wasm.when(settled(body), otherwise && settled(otherwise));
  }

  /** Does the first of `parts` that does not call its `next`. */
  firstOf(parts: readonly ((next: Label) => void)[]): void {
    this.settle();
    this.wasm.block((done) => {
      for (const part of parts) {
        this.wasm.block((next) => {
          part(next);
          this.settle();
          this.wasm.jump(done);
        });
      }
      this.refuse();
    });
  }

  call(helper: Helper): WasmFunction {
    for (const one of withCalled(helper)) this.helpers.add(one);
    return callHelper(this.wasm, helper);
  }

  /** Asks JavaScript about the bytes between two addresses, which `put` leaves on the stack; its answer is left there. */
  ask(question: Ask, put: () => void): void {
    this.wasm.i32(this.asks.push(question) - 1);
    put();
    this.call("ask");
  }

  /** Does what `attempt` does; where that is unsupported, takes back what it wrote and does `otherwise`. */
  try(attempt: () => void, otherwise: () => void): void {
    const [mark, ahead] = [this.wasm.mark, this.#ahead];
    try {
      attempt();
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
      this.wasm.goBack(mark);
      this.#ahead = ahead;
      otherwise();
    }
  }

  #assertSettled(): void {
    if (this.#ahead > 0) throw new TypeError("a branch at a place that is not settled");
  }
}

/** Bytes of a text in UTF-8. */
export function sizeOf(text: string): number {
  return Buffer.byteLength(text, "utf8");
}
