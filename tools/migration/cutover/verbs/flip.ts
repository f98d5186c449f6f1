import { MigrationError } from "../../model/errors.ts";
import type { JsonObject } from "../../model/json.ts";
import type { FlipRecord } from "../journal/record.ts";
import type { Flip, Verb } from "../plan/action.ts";
import { keyPointer } from "./flip-key.ts";
import { linkPointer } from "./flip-link.ts";
import { schemaPointer } from "./flip-schema.ts";
import { resultAt, stamp } from "./results.ts";
import type { VerbContext, VerbDriver, VerbResult } from "./verb.ts";

type FlipVerb = Extract<Verb, { kind: "flip" }>;

/** Where a pointer stands between its recorded value and the one the plan wants. */
export type PointerPlace = "old" | "new" | "elsewhere";

/** One kind of pointer, for one flip of a plan. `before` is always what `look` gave at the time of the intent. */
export interface Pointer {
  /** What will be done, for the journal. */
  readonly text: () => string;
  /** Checks everything the flip stands on and gives the state to go back to; changes nothing. */
  readonly look: () => Promise<JsonObject>;
  readonly place: (before: JsonObject) => Promise<PointerPlace>;
  /** Compares, swaps and reads back. */
  readonly move: (before: JsonObject) => Promise<void>;
  /** The same back to the recorded value. */
  readonly back: (before: JsonObject) => Promise<void>;
  /** What is missing for the way back, a sentence each. */
  readonly missing: () => Promise<readonly string[]>;
  /** The same for the recorded value, before a rollback goes there. */
  readonly gone: (before: JsonObject) => Promise<readonly string[]>;
  readonly record: (before: JsonObject) => Pick<FlipRecord, "pointer" | "from" | "to" | "root" | "scanSha256">;
}

/** `flip`: a pointer moved by compare and swap, read back, and taken back to the value that was recorded. */
export const flipDriver: VerbDriver<FlipVerb> = {
  prepare: async ({ flip }, context) => {
    const pointer = pointerOf(flip, context);
    return { text: pointer.text(), preImage: await pointer.look() };
  },
  run: async ({ flip }, context, { preImage }) => {
    const pointer = pointerOf(flip, context);
    const before = preImage ?? {};
    return attempt(context, async () => {
      await pointer.move(before);
      return { flip: { ...pointer.record(before), recovered: false } };
    });
  },
  recover: async ({ flip }, context, { preImage }) => {
    const pointer = pointerOf(flip, context);
    const before = preImage ?? {};
    const start = stamp(context);
    const place = await pointer.place(before);
    if (place === "old") return undefined;
    if (place === "elsewhere") return resultAt(start, context, { ...ELSEWHERE, recovered: true });
    return resultAt(start, context, {
      exit: 0,
      recovered: true,
      flip: { ...pointer.record(before), recovered: true },
    });
  },
  undo: async ({ flip }, context, { preImage }) => {
    const pointer = pointerOf(flip, context);
    const before = preImage ?? {};
    return attempt(context, async () => {
      const place = await pointer.place(before);
      if (place === "elsewhere") return ELSEWHERE;
      if (place === "old") return { notes: ["it holds the recorded value already"] };
      await pointer.back(before);
      const { from, to, ...rest } = pointer.record(before);
      return { flip: { ...rest, from: to, to: from, recovered: false } };
    });
  },
  undoProblems: ({ flip }, context, preImage) => {
    const pointer = pointerOf(flip, context);
    return preImage === null ? pointer.missing() : pointer.gone(preImage);
  },
};

const ELSEWHERE = {
  outcome: "unknown",
  reason: "the pointer holds neither the recorded value nor the new one: somebody else moved it",
} as const;

function pointerOf(flip: Flip, context: VerbContext): Pointer {
  if (flip.kind === "link") return linkPointer(flip, context);
  return flip.kind === "key" ? keyPointer(flip, context) : schemaPointer(flip, context);
}

/** Runs a change; a refusal is a result, never an exception. */
async function attempt(context: VerbContext, change: () => Promise<Partial<VerbResult>>): Promise<VerbResult> {
  const start = stamp(context);
  try {
    const over = await context.clock.during(change());
    return resultAt(start, context, { exit: 0, ...over });
  } catch (error) {
    const reason = error instanceof MigrationError ? `${error.code}: ${error.message}` : "a fault of the tool";
    return resultAt(start, context, { outcome: "failed", reason });
  }
}
