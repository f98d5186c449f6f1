import { against, best, compare, type Line, type SizeResult } from "./line.ts";

/** Lines about programs that build a candidate: migrate and dry-run. */
export function buildingLines(result: SizeResult): readonly Line[] {
  const { measured, prepared } = result;
  if (!measured.has("migrate")) return [];
  const { size } = prepared;
  const ours = measured.get("migrate");
  const [peer, preloaded] = [best(measured, "duckdb migrate "), best(measured, "duckdb migrate-preloaded ")];
  const duckdb = { peer: peer?.name ?? "duckdb", ...against(peer?.entry) };
  return [
    compare({ work: "migrate", size, ours, ...duckdb, limit: 1 }),
    compare({ work: "migrate", size, ours, peer: preloaded?.name ?? "duckdb", ...against(preloaded?.entry) }),
    compare({ work: "migrate", size, ours, peer: "naive pipeline", ...against(measured.get("naive migrate")) }),
    compare({
      work: "migrate without read back",
      size,
      ours: measured.get("migrate no-read-back"),
      ...duckdb,
      limit: 0.8,
    }),
    compare({ work: "dry-run", size, ours: measured.get("dry-run"), peer: "migrate", ...against(ours), limit: 1 }),
  ];
}
