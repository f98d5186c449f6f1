import { WasmFunction } from "../wasm/wasm-function.ts";
import { LAYOUT, WORD } from "./sha256-layout.ts";

/** Locals of the rounds: sixteen words of the message, eight of the state, one in between, and two for the majority. */
const [W, S, T, M] = [0, 16, 24, 25];

/** Takes the block into the state; without schedule, the words are those of `leafEnd`. */
export function rounds(scheduled: boolean): WasmFunction {
  const code = new WasmFunction({ parameters: 0, vectors: 27 });
  if (scheduled)
    for (let at = 0; at < 16; at += 1)
      code
        .i32(0)
        .load(LAYOUT.block + WORD * at)
        .set(W + at);
  for (let at = 0; at < 8; at += 1)
    code
      .i32(0)
      .load(LAYOUT.state + WORD * at)
      .set(S + at);
  code
    .get(S + 1)
    .get(S + 2)
    .xor()
    .set(M + 1);
  for (let round = 0; round < 64; round += 1) emitRound(code, round, scheduled);
  for (let at = 0; at < 8; at += 1) {
    const place = LAYOUT.state + WORD * at;
    code
      .i32(0)
      .i32(0)
      .load(place)
      .get(S + at)
      .add()
      .store(place);
  }
  return code;
}

function emitRound(code: WasmFunction, round: number, scheduled: boolean): void {
  const s = (at: number): number => S + ((at - round + 64) % 8);
  const [a, b, d, e, f, g, h] = [s(0), s(1), s(3), s(4), s(5), s(6), s(7)];
  const table = scheduled ? LAYOUT.constants : LAYOUT.leafEnd;
  code
    .get(h)
    .i32(0)
    .load(table + WORD * round)
    .add();
  if (scheduled) code.get(W + (round % 16)).add();
  code.get(f).get(g).xor().get(e).and().get(g).xor().add();
  rotations(code, e, [6, 11, 25]).add().tee(T);
  code.get(d).add().set(d);
  code.get(T);
  // The majority is b where a and b differ as b and c do not, else a or c; what a and b differ in is that of the next b and c.
  const [mine, last] = [M + (round % 2), M + ((round + 1) % 2)];
  code.get(a).get(b).xor().tee(mine).get(last).and().get(b).xor().add();
  rotations(code, a, [2, 13, 22]).add().set(h);
  if (scheduled && round < 48) emitSchedule(code, round);
}

/** Word 16 rounds on takes the place of this one. */
function emitSchedule(code: WasmFunction, round: number): void {
  const w = (at: number): number => W + ((round + at) % 16);
  code.get(w(0)).get(w(9)).add();
  rotations(code, w(1), [7, 18], 3).add();
  rotations(code, w(14), [17, 19], 10).add().set(w(0));
}

/** Exclusive or of a word rotated right by each of `turns`, and shifted right by `shift`. */
function rotations(code: WasmFunction, local: number, turns: readonly number[], shift?: number): WasmFunction {
  turns.forEach((bits, at) => {
    code.get(local).shiftRight(bits);
    if (at > 0) code.xor();
    code
      .get(local)
      .shiftLeft(32 - bits)
      .xor();
  });
  return shift === undefined ? code : code.get(local).shiftRight(shift).xor();
}
