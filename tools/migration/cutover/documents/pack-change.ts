import { isJsonObject } from "../../model/json.ts";
import { downtimeMs } from "./downtime.ts";
import { plain, table } from "./markdown.ts";
import { withValues } from "./result-text.ts";
import type { RunView } from "./run-view.ts";

/** What, why, when, by whom; the planned downtime and beside it the measured one. */
export function changeDescription(view: RunView): string {
  const { change, id, owner } = view.plan;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["Change ID", id],
    ["Date", change.date ?? view.startedAt?.slice(0, 10)],
    ["Owner", owner],
    ["What", change.what ?? view.plan.title],
    ["Why", change.why],
    ["Downtime window", change.downtime],
    ["Actual downtime", downtimeText(view)],
    ["Rollback strategy", change.rollback],
  ];
  const said = rows.map(([name, text]) => [
    name,
    text === undefined ? "None: the plan does not say." : plain(withValues(view, text)),
  ]);
  return table(["Field", "Value"], said);
}

/** Measured from the first undoable stop to all health good. */
export function downtimeText(view: RunView): string {
  const ms = downtimeMs(view);
  if (ms === null)
    return view.end === undefined
      ? "not known yet"
      : "not measured: the plan names no step that stops a service, or it was not back";
  const seconds = Math.round(ms / 100) / 10;
  return seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** Rows that the plan gives: a run cannot see addresses. */
export function ipMap(view: RunView): string {
  const rows = rowsOf(view, "ip_map");
  const note = textOf(view, "ip_note");
  if (rows.length === 0) return note === undefined ? "None: no address changes with this cutover." : plain(note);
  const head = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const isQuiet = rows.every((row) => /^(no change|unchanged|none|new service)$/i.test(row["Change"] ?? ""));
  const lead = note ?? (isQuiet ? "No address of an existing service changes." : undefined);
  const shown = table(
    head.map(plain),
    rows.map((row) => head.map((name) => plain(row[name] ?? ""))),
  );
  return lead === undefined ? shown : `${plain(lead)}\n\n${shown}`;
}

/** Always there, even when there is nothing to say. */
export function lanOnly(view: RunView): string {
  const given = listOf(view, "lan_only");
  if (given.length === 0) return "None: this cutover changes no LAN-only device.";
  return given.length === 1 ? plain(given[0] ?? "") : bullets(given);
}

/** Each line of a list of the pack, values put in. */
export function listOf(view: RunView, key: string): readonly string[] {
  const value = view.plan.pack[key];
  const lines = typeof value === "string" ? [value] : Array.isArray(value) ? value : [];
  return lines.map((line) => withValues(view, String(line)));
}

/** One text of the pack, values put in. */
export function textOf(view: RunView, key: string): string | undefined {
  const value = view.plan.pack[key];
  return typeof value === "string" ? withValues(view, value) : undefined;
}

/** Rows of the pack, values put in. */
export function rowsOf(view: RunView, key: string): readonly Readonly<Record<string, string>>[] {
  const value = view.plan.pack[key];
  const rows = Array.isArray(value) ? value.filter(isJsonObject) : [];
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, withValues(view, String(cell))])),
  );
}

/** Lines as a Markdown list. */
export function bullets(lines: readonly string[]): string {
  return lines.map((line) => `* ${plain(line)}`).join("\n");
}
