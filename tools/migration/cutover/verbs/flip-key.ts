import { MigrationError } from "../../model/errors.ts";
import type { JsonObject } from "../../model/json.ts";
import { applyKeyFlip, type PreparedKeyFlip, prepareKeyFlip, readKey, undoKeyFlip } from "../../operations/flip-key.ts";
import type { Flip } from "../plan/action.ts";
import type { Pointer } from "./flip.ts";
import { flipMarks, operationContext } from "./flip-context.ts";
import { fill } from "./values.ts";
import type { VerbContext } from "./verb.ts";

/** A key of a JSON, YAML or env file. */
export function keyPointer(flip: Extract<Flip, { kind: "key" }>, context: VerbContext): Pointer {
  const operation = operationContext(context);
  const words = { file: fill(flip.file, context), key: fill(flip.key, context), to: fill(flip.to, context) };
  return {
    text: () => `flip ${words.key} of ${words.file} to ${words.to}`,
    look: async () => ({ ...prepareKeyFlip(operation, words) }),
    place: async (before) => {
      const value = readKey(operation, words);
      if (value === words.to) return "new";
      return value === recorded(before).from ? "old" : "elsewhere";
    },
    move: async (before) => void applyKeyFlip(operation, words, recorded(before), flipMarks(context)),
    back: async (before) => void undoKeyFlip(operation, words, recorded(before), flipMarks(context)),
    missing: async () => problems(() => prepareKeyFlip(operation, words)),
    // The old value is text, which cannot be gone; who else changed the file is told by compare and swap.
    gone: async () => [],
    record: (before) => ({
      pointer: `${words.file}#${words.key}`,
      from: recorded(before).from,
      to: words.to,
      root: null,
      scanSha256: null,
    }),
  };
}

function recorded({ from, sha256 }: JsonObject): PreparedKeyFlip {
  return { from: String(from), sha256: String(sha256) };
}

function problems(look: () => unknown): readonly string[] {
  try {
    look();
    return [];
  } catch (error) {
    if (error instanceof MigrationError) return [error.message];
    throw error;
  }
}
