import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import t from "tap";
import { candor } from "../helpers/cli-project.ts";
import { everythingSaid, textsBelow } from "../helpers/everything-said.ts";
import { editLines } from "../helpers/fault.ts";
import { copyShop, editRecords, makeMigratedShop, type ShopRecord, shopRecords } from "../helpers/shop.ts";

const MODULES = ["customers", "products", "orders", "order-lines"] as const;
const VALUES = ["grace.planted@example.org", "+44 20 7946 0958", "GB33BUKB20201555555555", "4111 1111 1111 1111"];
const value = fc.constantFrom(...VALUES);

/** How a value gets into a record, beside standing alone in a field. */
const SHAPES: Readonly<Record<string, (value: string) => unknown>> = {
  alone: (value) => value,
  inText: (value) => `ask ${value} first`,
  inBlanks: (value) => `  ${value}\n`,
  inList: (value) => [value, value],
  inObject: (value) => ({ street: value, city: value, [value]: value }),
  deep: (value) => ({ a: [{ b: { [value]: { c: value } } }] }),
  withSurrogate: (value) => `${value}\ud800`,
  inKeyWithSurrogate: (value) => ({ [`${value}\ud800`]: 1 }),
};
const shape = fc.constantFrom(...Object.values(SHAPES));

const sound = join(t.testdir(), "shop");
await makeMigratedShop(sound);

/** What must not be said, whatever was done to blanks and capitals. */
function isSilent(said: string, planted: string): boolean {
  const bare = (text: string): string => text.toLowerCase().replace(/\s/g, "");
  return !bare(said).includes(bare(planted));
}

const collection = fc.constantFrom<keyof ReturnType<typeof shopRecords>>(
  "customers",
  "products",
  "orders",
  "order_lines",
);
const share = fc.nat(1000);

const sourcePlant = fc.record({ value, shape, collection, record: share, field: share, asKey: fc.boolean() });

/** Puts a value into a field of a source record, or makes it the name of a field. */
function plantInSource(
  root: string,
  plant: typeof sourcePlant extends fc.Arbitrary<infer Plant> ? Plant : never,
): void {
  editRecords(root, (records) => {
    const list = records[plant.collection];
    const record: ShopRecord = list[plant.record % list.length] ?? {};
    const names = Object.keys(record);
    const name = plant.asKey ? plant.value : (names[plant.field % names.length] ?? "code");
    record[name] = plant.shape(plant.value);
  });
}

t.test("a personal value in any source field is never repeated", async (t) => {
  const root = join(t.testdir(), "shop");
  copyShop(sound, root);
  await fc.assert(
    fc.asyncProperty(sourcePlant, async (plant) => {
      writeFileSync(join(root, "data/records.json"), JSON.stringify(shopRecords()));
      plantInSource(root, plant);
      return isSilent(await everythingSaid(root, "dry-run"), plant.value);
    }),
    { numRuns: 40 },
  );
});

/** Ways to damage a line of data, beside the value that is planted in it. */
const DAMAGES: Readonly<Record<string, (line: string, value: string) => string>> = {
  none: (line) => line,
  unquoted: (line, value) => line.replace("}", `,${value}}`),
  cut: (line) => line.slice(0, -5),
  keyTwice: (line, value) => line.replace("{", `{"${value}":1,"${value}":2,`),
  numberBelowKey: (line, value) => line.replace("{", `{"${value}":{"${value}":-0},`),
  surrogateBelowKey: (line, value) => line.replace("{", `{"${value}":"${value}\\ud800",`),
  deepBelowKey: (line, value) => line.replace("{", `{"${value}":${"[".repeat(130)}${"]".repeat(130)},`),
  blank: (line) => line.replace(":", ": "),
};

const entityPlant = fc.record({
  value,
  shape,
  module: fc.constantFrom(...MODULES),
  line: share,
  field: share,
  damage: fc.constantFrom(...Object.values(DAMAGES)),
  rehashed: fc.boolean(),
});

t.test("a personal value in any entity is never repeated, however its line is damaged", async (t) => {
  const root = join(t.testdir(), "shop");
  await fc.assert(
    fc.asyncProperty(entityPlant, async (plant) => {
      rmSync(root, { recursive: true, force: true });
      copyShop(sound, root);
      const edited = (line: Buffer): string => {
        const entity = JSON.parse(line.toString("utf8"));
        const names = Object.keys(entity).filter((name) => name !== "id");
        entity[names[plant.field % names.length] ?? "code"] = plant.shape(plant.value);
        return `${plant.damage(JSON.stringify(entity), plant.value)}\n`;
      };
      const file = `${plant.module}/data.jsonl`;
      const from = plant.rehashed ? "entities" : undefined;
      editLines(
        root,
        file,
        (lines) => lines.map((line, at) => (at === plant.line % lines.length ? edited(line) : line)),
        from,
      );
      return isSilent(await everythingSaid(root, "scan-all"), plant.value);
    }),
    { numRuns: 40 },
  );
});

const registryPlant = fc.record({
  value,
  module: fc.constantFrom(...MODULES),
  entry: share,
  field: fc.constantFrom("legacyId", "targetUuid", "version", "extra"),
  asKey: fc.boolean(),
  twice: fc.boolean(),
});

t.test("a personal value in any registry is never repeated", async (t) => {
  const root = join(t.testdir(), "shop");
  await fc.assert(
    fc.asyncProperty(registryPlant, async ({ value, module, entry, field, asKey, twice }) => {
      rmSync(root, { recursive: true, force: true });
      copyShop(sound, root);
      const path = join(root, `migration/mapping/${module}.json`);
      const entries: Record<string, unknown>[] = JSON.parse(readFileSync(path, "utf8"));
      const one = entries[entry % entries.length] ?? {};
      one[asKey ? value : field] = value;
      if (twice) entries.push({ ...one });
      writeFileSync(path, JSON.stringify(entries));
      const said = [];
      for (const command of ["registry check", "dry-run", "scan-all"] as const)
        said.push(await everythingSaid(root, command));
      return isSilent(said.join("\n"), value);
    }),
    { numRuns: 12 },
  );
});

t.test("the program itself repeats none of them on the screen", async (t) => {
  for (const name of ["alone", "inObject", "inKeyWithSurrogate"]) {
    const shape = SHAPES[name] ?? String;
    const root = join(t.testdir(), name);
    copyShop(sound, root);
    const [value = ""] = VALUES;
    editRecords(root, (records) => {
      for (const list of [records.customers, records.products, records.orders, records.order_lines]) {
        list.forEach((record, at) => {
          const names = Object.keys(record);
          record[names[at % names.length] ?? "code"] = shape(value);
        });
      }
    });
    for (const args of [["migrate"], ["dry-run", "--json"]]) {
      const { stdout, stderr } = candor(root, args);
      t.ok(isSilent(stdout + stderr + textsBelow(join(root, "storage_reports")), value), `${name}: ${args.join(" ")}`);
    }
  }
});
