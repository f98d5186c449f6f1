/** What a program is doing: the columns of the second table. */
export const STAGES = [
  "start",
  "read",
  "match",
  "map",
  "digest",
  "tree",
  "chunks",
  "compare",
  "lookup",
  "write",
  "garbage",
] as const;

/** One of them. */
export type Stage = (typeof STAGES)[number];

/** Modules by the stage they work for; the first that fits counts, and what fits none works for its caller. */
const MODULES: readonly (readonly [Stage, RegExp])[] = [
  ["start", /^(main|commands|config)\b/],
  ["digest", /^ranges\/(line-digests)|^integrity\/(digest|hex)/],
  ["tree", /^ranges\/tree-batch|^integrity\/(compact-range|merkle)/],
  ["chunks", /^ranges\/(chunk-|scrub-range)|^integrity\/chunk/],
  ["compare", /^ranges\/(prove-range|verify-range|digest-lines|proof-room)/],
  [
    "lookup",
    /^ranges\/(id-index|lookup-batch|ahead-lookup|read-ids|shared-|distinct-ids|marked-|fill-|entry-|registry-)|^registry\//,
  ],
  ["map", /^mapping\/|^ranges\/(range-mapping|map-r|row-|fast-row|kept-cells)/],
  ["match", /^compiled\/|^ranges\/(deep-probe|map-checks)|^checks\//],
  ["read", /^(files|sources|databases)\/|^ranges\/range-blocks/],
  ["write", /^stores\/|^ranges\/(spill|write-|pieces)/],
];

/** The stage that a module of the program works for, by its path below `tools/migration`. */
export function stageOf(module: string): Stage | undefined {
  return MODULES.find(([, pattern]) => pattern.test(module))?.[0];
}
