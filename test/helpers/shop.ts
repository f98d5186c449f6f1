import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { migrate } from "../../tools/migration/operations/migrate.ts";
import { freezeRegistries } from "../../tools/migration/operations/registry-freeze.ts";
import { generateRegistries } from "../../tools/migration/operations/registry-write.ts";
import { contextOf } from "./operations.ts";

/** A source record as the shop has it. */
export type ShopRecord = Record<string, unknown>;

/** The collections of the shop. */
export interface ShopRecords {
  customers: ShopRecord[];
  products: ShopRecord[];
  orders: ShopRecord[];
  order_lines: ShopRecord[];
}

const FIXTURE = join(process.cwd(), "test/fixtures/shop");
const RECORDS = "data/records.json";

// The module cache of node would keep the first records, so the source reads them anew at every run.
const SOURCE = `import { readFileSync } from "node:fs";
const read = (name) => ({
  *[Symbol.iterator]() {
    yield* JSON.parse(readFileSync(new URL("records.json", import.meta.url), "utf8"))[name];
  },
});
export const db = { customers: read("customers"), products: read("products"), orders: read("orders"), order_lines: read("order_lines") };
`;

const { db } = (await import(pathToFileURL(join(FIXTURE, "data/shop.js")).href)) as { db: ShopRecords };

/** A fresh copy of the records of the fixture. */
export function shopRecords(): ShopRecords {
  return structuredClone(db);
}

/** Makes the shop a project at `root` whose source holds `records`, with registries generated and frozen. */
export async function makeShop(root: string, records: ShopRecords = db): Promise<void> {
  cpSync(FIXTURE, root, { recursive: true });
  writeFileSync(join(root, "data/shop.js"), SOURCE);
  for (const folder of ["storage_candidate", "storage_reports"]) mkdirSync(join(root, folder), { mode: 0o700 });
  writeRecords(root, records);
  await generateRegistries(contextOf(root), []);
  await freezeRegistries(contextOf(root), [], { acceptChanged: false });
}

/** Makes a shop with a candidate; the candidate's folder. */
export async function makeMigratedShop(root: string, records?: ShopRecords): Promise<string> {
  await makeShop(root, records);
  const { summary } = await migrate(contextOf(root), { runId: "run-test", failAfterModule: undefined });
  if (summary.totalBlockers > 0) throw new Error(`the fixture has faults: ${JSON.stringify(summary.byCode)}`);
  return candidateOf(root);
}

/** Where the candidate of a project is. */
export function candidateOf(root: string): string {
  return join(root, "storage_candidate/v1");
}

/** A copy of a project with the modes of its files. */
export function copyShop(from: string, to: string): void {
  cpSync(from, to, { recursive: true });
}

/** Gives the shop other source records. */
export function writeRecords(root: string, records: ShopRecords): void {
  writeFileSync(join(root, RECORDS), JSON.stringify(records));
}

/** Lets `change` edit the source records in place. */
export function editRecords(root: string, change: (records: ShopRecords) => void): void {
  const records: ShopRecords = JSON.parse(readFileSync(join(root, RECORDS), "utf8"));
  change(records);
  writeRecords(root, records);
}
