import type { Line } from "./lines/line.ts";
import type { StageSeconds } from "./measure/profile.ts";
import { STAGES } from "./measure/stages.ts";
import type { Spread } from "./measure/statistics.ts";

const HEAD = ["work", "entities", "ours s", "peer s", "ratio", "cpu", "target", "verdict", "peer, note"];

/** The table for people: medians in seconds, the least and the most in parentheses. */
export function tableText(lines: readonly Line[]): string {
  return aligned([HEAD, ...lines.map(cells)]);
}

/** Seconds of each stage, all threads together; empty where nothing was profiled. */
export function stagesText(size: number, stages: ReadonlyMap<string, StageSeconds>): string {
  if (stages.size === 0) return "";
  const rows = [...stages].map(([work, seconds]) => [work, ...STAGES.map((stage) => (seconds[stage] ?? 0).toFixed(2))]);
  return `\nseconds in each stage, all threads together, ${size} entities\n${aligned([["", ...STAGES], ...rows])}\n`;
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function cells(line: Line): readonly string[] {
  return [
    line.work,
    line.size === 0 ? "" : String(line.size),
    seconds(line.ours),
    seconds(line.peers),
    line.ratio === undefined ? "" : line.ratio.toFixed(2),
    line.cpuRatio === undefined ? "" : line.cpuRatio.toFixed(2),
    line.target,
    line.verdict,
    [line.peer, line.note].filter((text) => text !== undefined).join("; "),
  ];
}

function seconds(spread: Spread | undefined): string {
  if (spread === undefined) return "";
  const digits = (value: number) => value.toFixed(value < 10 ? 2 : 1);
  return `${digits(spread.median)} (${digits(spread.least)}-${digits(spread.most)})`;
}
