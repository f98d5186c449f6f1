/**
 * Preloaded into every test file: tap has all child processes load its tracing, which nothing here reads. It made a program
 * that takes 60 ms take 160, and slowed down each import of the real program and its workers.
 */
interface Spawning {
  readonly listeners: unknown[];
}

// The package process-on-spawn keeps its one state here, whichever copy of it is loaded first.
const KEY = Symbol.for("process-on-spawn@*:singletonId");
const state: Spawning | undefined = Reflect.get(globalThis, KEY);
if (state === undefined) Reflect.set(globalThis, KEY, { version: 1, listeners: [], unwrap: () => {} });
else state.listeners.length = 0;

const options = process.env["NODE_OPTIONS"]?.split(" ").filter((option) => !option.includes("@tapjs/"));
if (options === undefined || options.length === 0) Reflect.deleteProperty(process.env, "NODE_OPTIONS");
else process.env["NODE_OPTIONS"] = options.join(" ");
