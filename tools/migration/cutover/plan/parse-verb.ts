import { isJsonObject, type JsonObject, type JsonValue } from "../../model/json.ts";
import type { Flip, HttpVerb, RowCount, Verb } from "./action.ts";
import { durationMs } from "./durations.ts";
import { type Part, texts } from "./part.ts";

/** The one verb of an action; the schema has made sure that there is one. */
export function parseVerb(part: Part): Verb {
  const { raw } = part;
  const on = part.text("on");
  const [probe, sh, statement, manual] = [part.text("probe"), part.text("sh"), part.text("sql"), part.text("manual")];
  if (probe !== undefined) return { kind: "probe", command: probe, on };
  if (sh !== undefined) return { kind: "sh", command: sh, on };
  if (statement !== undefined) {
    const rows = parseRows(raw["rows"]);
    return { kind: "sql", db: part.text("db") ?? "", statement, isRead: raw["read"] === true, rows };
  }
  if (manual !== undefined) return { kind: "manual", text: manual, ask: texts(raw["ask"]) };
  if (raw["http"] !== undefined) return parseHttp(raw);
  const flip = part.child("flip");
  if (flip !== undefined) return { kind: "flip", flip: parseFlip(flip) };
  if (raw["restore"] !== undefined) return { kind: "restore", files: texts(raw["restore"]) };
  const wait = part.text("wait");
  if (wait !== undefined) return { kind: "wait", ms: durationMs(wait) };
  return { kind: "see", files: texts(raw["see"]) };
}

function parseRows(raw: JsonValue | undefined): RowCount | undefined {
  if (typeof raw === "number") return { min: raw, max: raw };
  if (!isJsonObject(raw)) return undefined;
  const { min, max } = raw;
  return { min: typeof min === "number" ? min : 0, max: typeof max === "number" ? max : Number.MAX_SAFE_INTEGER };
}

function parseHttp(raw: JsonObject): HttpVerb {
  const http = raw["http"];
  const options: JsonObject = isJsonObject(http) ? http : { url: http ?? "" };
  const method = String(options["method"] ?? "GET");
  const headers: JsonValue = options["headers"] ?? {};
  return {
    kind: "http",
    url: String(options["url"]),
    method,
    headers: new Map(
      Object.entries(isJsonObject(headers) ? headers : {}).map(([name, value]) => [name, String(value)]),
    ),
    body: bodyOf(options["body"]),
    follow: options["follow"] === true,
    isRead: method === "GET" || method === "HEAD" || raw["read"] === true,
  };
}

function bodyOf(body: JsonValue | undefined): string | undefined {
  if (body === undefined || body === null) return undefined;
  return typeof body === "string" ? body : JSON.stringify(body);
}

function parseFlip(part: Part): Flip {
  const { raw } = part;
  const link = part.text("link");
  if (link !== undefined) {
    const allow = texts(raw["allow"]).filter((one) => one === "owner" || one === "mode");
    return {
      kind: "link",
      link,
      root: part.text("root") ?? "",
      scanAgeMs: durationMs(part.text("scan_age") ?? ""),
      allow,
    };
  }
  const file = part.text("file");
  const to = part.written("to") ?? "";
  if (file !== undefined) return { kind: "key", file, key: part.text("key") ?? "", to };
  return { kind: "schema", schema: part.text("schema") ?? "", db: part.text("db") ?? "", to };
}
