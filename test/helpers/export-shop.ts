import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { editJson } from "./edit-json.ts";
import { type ShopRecord, type ShopRecords, shopRecords } from "./shop.ts";

interface Definition {
  fields: Record<string, unknown>;
  mapper?: { file: string; reads: string[] };
}

/** Makes a shop project read its records from `data/<collection>.jsonl`. */
export function exportShopToJsonl(root: string, records: ShopRecords = shopRecords()): void {
  rmSync(join(root, "data"), { recursive: true });
  mkdirSync(join(root, "data"));
  for (const [collection, rows] of Object.entries(records)) {
    const lines = rows.map((row: ShopRecord) => `${JSON.stringify(row)}\n`);
    writeFileSync(join(root, `data/${collection}.jsonl`), lines.join(""));
  }
  setSource(root, { kind: "jsonl", path: "data" });
}

/** Makes a shop project read its records from tables without declared types, but with keys, in `data/shop.db`. */
export function exportShopToSqlite(root: string, records: ShopRecords = shopRecords()): void {
  const db = new Database(join(root, "data/shop.db"));
  for (const [collection, rows] of Object.entries(records)) insertAll(db, collection, rows, keyOf(root, collection));
  db.close();
  setSource(root, { kind: "sqlite", path: "data/shop.db" });
  // A table has neither objects nor booleans, and cannot tell a null from nothing: the mapping has to.
  rewrite(root, "customers", { drop: ["address"], reads: ["address", "remarks_given"], text: CUSTOMERS }, (fields) => {
    fields["vip"] = { from: "vip", default: false, transform: ["boolean"], type: "boolean" };
    fields["remarks"] = { from: "remarks" };
  });
  rewrite(root, "orders", { drop: ["productIds"], reads: ["skus"], text: ORDERS }, () => {});
}

const CUSTOMERS = `module.exports = (record, entity) => ({
  ...entity,
  ...(record.address === null ? {} : { address: JSON.parse(record.address) }),
  ...(record.remarks_given === 1 ? { remarks: record.remarks } : {}),
});
`;

const ORDERS = `module.exports = (record, entity, ref) => ({
  ...entity,
  productIds: JSON.parse(record.skus ?? "[]").map((sku) => ref("products", sku)),
});
`;

/** The legacy key of the module that reads a collection. */
function keyOf(root: string, collection: string): readonly string[] {
  for (const name of readdirSync(join(root, "modules"))) {
    const text = readFileSync(join(root, "modules", name, "module.json"), "utf8");
    const module = JSON.parse(text) as { source: { collection: string }; legacyKey: string | string[] };
    if (module.source.collection === collection) return [module.legacyKey].flat();
  }
  return [];
}

function insertAll(
  db: Database.Database,
  collection: string,
  rows: readonly ShopRecord[],
  key: readonly string[],
): void {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const given = names.includes("remarks") ? ["remarks_given"] : [];
  db.exec(`CREATE TABLE "${collection}" (${[...names, ...given].join()}, PRIMARY KEY (${key.join()}))`);
  const marks = [...names, ...given].map(() => "?");
  const statement = db.prepare(`INSERT INTO "${collection}" VALUES (${marks.join()})`);
  for (const row of rows) {
    const flags = given.map(() => (Object.hasOwn(row, "remarks") ? 1n : 0n));
    statement.run(...names.map((name) => toCell(row[name])), ...flags);
  }
}

function toCell(value: unknown): unknown {
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "number" && Number.isInteger(value)) return BigInt(value);
  return typeof value === "object" && value !== null ? JSON.stringify(value) : (value ?? null);
}

function setSource(root: string, source: { kind: string; path: string }): void {
  editJson<{ source: object }>(join(root, "migration/migration.json"), (content) => {
    content.source = source;
  });
}

interface Mapper {
  readonly drop: readonly string[];
  readonly reads: string[];
  readonly text: string;
}

function rewrite(root: string, module: string, mapper: Mapper, change: (fields: Definition["fields"]) => void): void {
  const folder = join(root, "modules", module);
  writeFileSync(join(folder, "mapper.cjs"), mapper.text);
  editJson<Definition>(join(folder, "module.json"), (content) => {
    for (const name of mapper.drop) delete content.fields[name];
    content.mapper = { file: "mapper.cjs", reads: mapper.reads };
    change(content.fields);
  });
}
