import { parseArgs } from "node:util";
import { SHAPES, type Shape } from "./generate/shapes.ts";

/** Groups of programs that `--only` picks from. */
export const GROUPS = ["verify", "scrub", "scan", "migrate", "start", "diff", "sources"] as const;

/** A group of programs. */
export type Group = (typeof GROUPS)[number];

/** What to measure. */
export interface BenchOptions {
  /** Entities of all modules together; with several, the growth from the first to the last is shown. */
  readonly sizes: readonly number[];
  readonly shape: Shape;
  readonly groups: ReadonlySet<Group>;
  readonly runs: number;
  /** Work folder to keep; undefined for a temporary one that is removed. */
  readonly dir: string | undefined;
  /** Where the JSON goes. */
  readonly output: string;
  readonly install: boolean;
  /** False where only the tool itself is run. */
  readonly peers: boolean;
}

/** How the benchmarks are called. */
export const USAGE = `npm run bench -- [options]
  --size N[,N...]   entities of all modules together (default 200000; the targets speak of 2000000 and 10000000)
  --shape NAME      ${SHAPES.join(", ")} (default standard)
  --only A,B        ${GROUPS.join(", ")} (default all)
  --runs N          rounds; every program runs once in each (default 5)
  --dir DIR         work folder, kept and used again (default: a temporary one, removed)
  --output FILE     result as JSON (default bench/results/<shape>-<size>.json)
  --no-install      do without DuckDB where it is not installed
  --no-peers        run the tool alone`;

/** Options from the command line; throws a TypeError that says what was expected. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      size: { type: "string", default: "200000" },
      shape: { type: "string", default: "standard" },
      only: { type: "string", default: GROUPS.join(",") },
      runs: { type: "string", default: "5" },
      dir: { type: "string" },
      output: { type: "string" },
      "no-install": { type: "boolean", default: false },
      "no-peers": { type: "boolean", default: false },
    },
  });
  const sizes = values.size.split(",").map((text) => positive("--size", text));
  const shape = oneOf("--shape", SHAPES, values.shape);
  return {
    sizes,
    shape,
    groups: new Set(values.only.split(",").map((text) => oneOf("--only", GROUPS, text))),
    runs: positive("--runs", values.runs),
    dir: values.dir,
    output: values.output ?? `bench/results/${shape}-${sizes.join("-")}.json`,
    install: !values["no-install"] && !values["no-peers"],
    peers: !values["no-peers"],
  };
}

function positive(name: string, text: string): number {
  const number = Number(text.replaceAll("_", ""));
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new TypeError(`${name}: expected an integer from 1, got ${text}`);
}

function oneOf<T extends string>(name: string, allowed: readonly T[], text: string): T {
  const found = allowed.find((word) => word === text);
  if (found !== undefined) return found;
  throw new TypeError(`${name}: expected one of ${allowed.join(", ")}, got ${text}`);
}
