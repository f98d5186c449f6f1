import { best, compare, type Line, type SizeResult } from "./line.ts";

/** Lines about programs that build a candidate: migrate and dry-run. */
export function buildingLines(result: SizeResult): readonly Line[] {
  const { measured, prepared } = result;
  if (!measured.has("migrate")) return [];
  const { size } = prepared;
  const ours = measured.get("migrate");
  const [peer, preloaded] = [best(measured, "duckdb migrate "), best(measured, "duckdb migrate-preloaded ")];
  const duckdb = { peer: peer?.name ?? "duckdb", peers: peer?.entry.values };
  return [
    compare({ work: "migrate", size, ours, ...duckdb, limit: 1 }),
    compare({ work: "migrate", size, ours, peer: preloaded?.name ?? "duckdb", peers: preloaded?.entry.values }),
    compare({ work: "migrate", size, ours, peer: "naive pipeline", peers: measured.get("naive migrate")?.values }),
    compare({
      work: "migrate without read back",
      size,
      ours: measured.get("migrate no-read-back"),
      ...duckdb,
      limit: 0.8,
    }),
    compare({ work: "dry-run", size, ours: measured.get("dry-run"), peer: "migrate", peers: ours?.values, limit: 1 }),
  ];
}
