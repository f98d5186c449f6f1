import { join } from "node:path";
import type { VerbContext } from "../../tools/migration/cutover/verbs/verb.ts";
import { TODAY } from "./operations.ts";

/** How a driver dies in these tests. */
class Killed extends Error {}

/** What the engine gives a verb; `kill` is the point at which the driver dies. */
export function contextOf(
  root: string,
  vars: Readonly<Record<string, string>> = {},
  kill?: string,
  further: Partial<VerbContext> = {},
): VerbContext {
  return {
    root,
    folder: join(root, "attempt"),
    remoteFolder: "run-1/1-flip.1",
    runId: "run-1",
    name: "pointer",
    vars: new Map(Object.entries(vars)),
    secrets: new Map(),
    env: new Map(),
    dir: undefined,
    hosts: new Map(),
    patience: undefined,
    dbs: new Map(),
    environment: {},
    by: [],
    kept: undefined,
    input: undefined,
    timeoutMs: 60_000,
    clock: {
      monoMs: () => 0,
      wall: () => new Date(`${TODAY}T12:00:00Z`),
      sleep: async () => {},
      during: (work) => work,
    },
    signal: new AbortController().signal,
    spawned: () => {},
    crashPoint: (point) => {
      if (point === kill) throw new Killed();
    },
    acknowledge: async () => ({ isDone: true, reason: null, fields: {}, timedOut: false }),
    ...further,
  };
}
