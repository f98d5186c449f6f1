import type { Pattern } from "./pattern-syntax.ts";
import { unsupported } from "./unsupported.ts";

/** A deterministic automaton over the bytes of a string's content. */
export interface Automaton {
  /** The state behind byte b in state s is `next[s | b]`; states are multiples of 256, and 0 is the dead one. */
  readonly next: Uint16Array;
  /** 1 at `state >> 8` where the text may end. */
  readonly accepts: Uint8Array;
}

/** The state an automaton starts in. */
export const START_STATE = 256;

const MOST_STATES = 255;
const MOST_PLACES = 4000;

/** Builds the automaton of a pattern: every ASCII text it accepts, without the quote and backslash, which JSON escapes. */
export function buildAutomaton(pattern: Pattern): Automaton {
  const places = new Places();
  const start = places.add();
  const end = places.connect(pattern, start);
  return determine(places, start, end);
}

/** The characters of a pattern that only ever matches texts of one length; undefined where lengths vary. */
export function fixedSets(pattern: Pattern): readonly (readonly number[])[] | undefined {
  switch (pattern.kind) {
    case "set":
      return [pattern.codes];
    case "sequence": {
      const parts = pattern.parts.map(fixedSets);
      return parts.some((part) => part === undefined) ? undefined : parts.flatMap((part) => part ?? []);
    }
    case "choice":
      return pattern.parts.length === 1 && pattern.parts[0] !== undefined ? fixedSets(pattern.parts[0]) : undefined;
    case "repeat": {
      const part = pattern.least === pattern.most ? fixedSets(pattern.part) : undefined;
      return part && Array.from({ length: pattern.least }, () => part).flat();
    }
  }
}

// Places of a nondeterministic automaton: free moves, and moves by a set of characters.
class Places {
  readonly free: number[][] = [];
  readonly moves: { readonly takes: Uint8Array; readonly to: number }[][] = [];

  add(): number {
    if (this.free.length >= MOST_PLACES) unsupported("a pattern with too many places");
    this.moves.push([]);
    return this.free.push([]) - 1;
  }

  /** Adds what leads through `pattern` from `from`; gives the place behind it. */
  connect(pattern: Pattern, from: number): number {
    switch (pattern.kind) {
      case "set": {
        const to = this.add();
        this.moves[from]?.push({ takes: flagsOf(pattern.codes), to });
        return to;
      }
      case "sequence":
        return pattern.parts.reduce((place, part) => this.connect(part, place), from);
      case "choice": {
        const to = this.add();
        for (const part of pattern.parts) this.#free(this.connect(part, this.#branch(from)), to);
        return to;
      }
      case "repeat":
        return this.#repeat(pattern.part, pattern.least, pattern.most, from);
    }
  }

  #repeat(part: Pattern, least: number, most: number, from: number): number {
    let place = from;
    for (let count = 0; count < least; count++) place = this.connect(part, place);
    const to = this.add();
    if (most === Number.POSITIVE_INFINITY) {
      const loop = this.#branch(place);
      this.#free(this.connect(part, loop), loop);
      this.#free(loop, to);
      return to;
    }
    this.#free(place, to);
    for (let count = least; count < most; count++) {
      place = this.connect(part, place);
      this.#free(place, to);
    }
    return to;
  }

  #branch(from: number): number {
    const to = this.add();
    this.#free(from, to);
    return to;
  }

  #free(from: number, to: number): void {
    this.free[from]?.push(to);
  }
}

/** 1 for every character of a set below 128. */
function flagsOf(codes: readonly number[]): Uint8Array {
  const flags = new Uint8Array(128);
  for (const code of codes) flags[code] = 1;
  return flags;
}

function determine(places: Places, start: number, end: number): Automaton {
  const states = new Map<string, number>();
  const sets: (readonly number[])[] = [[]];
  const stateOf = (set: readonly number[]): number => {
    if (set.length === 0) return 0;
    const key = set.join(",");
    const known = states.get(key);
    if (known !== undefined) return known;
    if (sets.length > MOST_STATES) unsupported("a pattern with too many states");
    states.set(key, sets.length);
    return sets.push(set) - 1;
  };
  stateOf(closure(places, [start]));
  const next: number[] = [];
  // Most bytes lead from a state to one of few.
  const reached = new Map<string, number>();
  for (let state = 1; state < sets.length; state++) {
    const moves = (sets[state] ?? []).flatMap((place) => places.moves[place] ?? []);
    for (let byte = 0x20; byte < 0x80; byte++) {
      if (byte === 0x22 || byte === 0x5c) continue;
      const targets = moves.filter((move) => move.takes[byte] === 1).map((move) => move.to);
      const key = targets.join(",");
      const known = reached.get(key) ?? stateOf(closure(places, targets));
      reached.set(key, known);
      next[(state << 8) | byte] = known << 8;
    }
  }
  return {
    next: Uint16Array.from({ length: sets.length << 8 }, (_, at) => next[at] ?? 0),
    accepts: Uint8Array.from(sets, (set) => (set.includes(end) ? 1 : 0)),
  };
}

function closure(places: Places, from: readonly number[]): readonly number[] {
  const seen = new Set(from);
  for (const place of seen) for (const to of places.free[place] ?? []) seen.add(to);
  return [...seen].sort((a, b) => a - b);
}
