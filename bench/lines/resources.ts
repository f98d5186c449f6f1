import { median } from "../measure/statistics.ts";
import { judge, type Line, present, type SizeResult } from "./line.ts";

const MB = 1e6;
const BYTES_PER_ENTITY = 48;
const START_SECONDS = 0.25;
/** Base of the allowed resident memory in MB, by program. */
const MEMORY: readonly (readonly [program: string, baseMb: number])[] = [
  ["verify", 200],
  ["scan", 200],
  ["dry-run", 350],
  ["migrate", 350],
];
/** How much longer an entity may take at the largest size than at the smallest. */
const GROWTH: readonly (readonly [program: string, limit: number])[] = [
  ["verify", 1.3],
  ["scan", 1.3],
  ["dry-run", 1.3],
  ["migrate", 1.7],
];

/** Peak resident memory of ours against what a size may take. */
export function memoryLines({ measured, prepared }: SizeResult): readonly Line[] {
  return MEMORY.flatMap(([program, baseMb]): Line[] => {
    const peak = median(measured.get(program)?.peakBytes ?? []);
    if (peak === undefined) return [];
    const limit = baseMb * MB + BYTES_PER_ENTITY * prepared.size;
    const note = `${mb(peak)} of ${mb(limit)} MB`;
    const target = `<= ${baseMb} MB + ${BYTES_PER_ENTITY} B`;
    return [
      {
        work: `${program}, peak memory`,
        size: prepared.size,
        ratio: peak / limit,
        target,
        verdict: judge(peak, limit),
        note,
      },
    ];
  });
}

/** Start of every command on the example. */
export function startLines({ measured }: SizeResult): readonly Line[] {
  return [...measured].flatMap(([name, { values, failure }]): Line[] => {
    if (!name.startsWith("start ")) return [];
    const seconds = median(present(values));
    const head = { work: `${name} (example)`, size: 0, target: `<= ${START_SECONDS} s` };
    if (failure !== undefined || seconds === undefined) return [{ ...head, verdict: "failed", note: failure ?? "" }];
    const ours = { median: seconds, least: Math.min(...present(values)), most: Math.max(...present(values)) };
    return [{ ...head, ours, verdict: judge(seconds, START_SECONDS) }];
  });
}

/** Time for an entity at the largest size against the smallest. */
export function growthLines(results: readonly SizeResult[]): readonly Line[] {
  const [first, last] = [results[0], results.at(-1)];
  if (first === undefined || last === undefined || first === last) return [];
  return GROWTH.flatMap(([program, limit]): Line[] => {
    const [small, large] = [first, last].map(({ measured, prepared }) => {
      const seconds = median(present(measured.get(program)?.values ?? []));
      return seconds === undefined ? undefined : seconds / prepared.size;
    });
    if (small === undefined || large === undefined) return [];
    const work = `${program}, time per entity from ${first.prepared.size}`;
    const ratio = large / small;
    return [{ work, size: last.prepared.size, ratio, target: `<= ${limit} x`, verdict: judge(ratio, limit) }];
  });
}

function mb(bytes: number): number {
  return Math.round(bytes / MB);
}
