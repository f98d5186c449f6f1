import { statSync } from "node:fs";
import { join } from "node:path";
import type { Verb } from "../plan/action.ts";
import { resultAt, stamp } from "./results.ts";
import { fill } from "./values.ts";
import type { VerbDriver } from "./verb.ts";

type See = Extract<Verb, { kind: "see" }>;

/** `see`: every file is there. */
export const seeDriver: VerbDriver<See> = {
  prepare: async (verb, context) => ({
    text: verb.files.map((file) => fill(file, context)).join(", "),
    preImage: null,
  }),
  run: async (verb, context) => {
    const start = stamp(context);
    const missing = verb.files.map((file) => fill(file, context)).filter((file) => !isThere(context.root, file));
    if (missing.length === 0) return resultAt(start, context, { exit: 0 });
    return resultAt(start, context, { outcome: "failed", exit: 1, reason: `not there: ${missing.join(", ")}` });
  },
  recover: async () => undefined,
};

function isThere(root: string, file: string): boolean {
  try {
    statSync(file.startsWith("/") ? file : join(root, file));
    return true;
  } catch {
    return false;
  }
}
