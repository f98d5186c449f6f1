import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { MigrationError } from "../../tools/migration/model/errors.ts";
import { getEntity, prove, verifyProof } from "../../tools/migration/operations/prove.ts";
import { candor } from "../helpers/cli-project.ts";
import { flipHex } from "../helpers/fault.ts";
import { contextOf } from "../helpers/operations.ts";
import { linesOf } from "../helpers/rehash.ts";
import { candidateOf, copyShop, makeMigratedShop } from "../helpers/shop.ts";
import { shopId } from "../helpers/shop-ids.ts";
import { candidateIsSound } from "../helpers/sound.ts";
import { writeTinyCandidate } from "../helpers/tiny-candidate.ts";

const shop = join(t.testdir(), "shop");
await makeMigratedShop(shop);
const INPUT = "storage_candidate/v1";

t.test("an entity is found by UUID and by legacy id, and its proof holds without the candidate", async (t) => {
  const id = shopId("products", "P-001");
  const line = linesOf(join(candidateOf(shop), "products/data.jsonl"))
    .find((one) => JSON.parse(String(one)).id === id)
    ?.toString();
  for (const name of [id, "P-001"]) {
    const ran = candor(shop, ["get", "products", name]);
    t.equal(ran.code, 0, ran.stderr);
    t.equal(ran.stdout, line);
  }
  const made = candor(shop, ["prove", "products", "P-001"]);
  t.equal(made.code, 0, made.stderr);
  const { root } = JSON.parse(readFileSync(join(candidateOf(shop), "checksums/run.json"), "utf8"));
  const elsewhere = join(t.testdir(), "nothing-else");
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, "proof.json"), made.stdout);
  const verified = candor(elsewhere, ["verify-proof", "proof.json", "--run-root", root]);
  t.equal(verified.code, 0, verified.stderr);
  t.match(verified.stdout, `verify-proof: holds\nentity products ${id}\n`);
  t.equal(candor(elsewhere, ["verify-proof", "proof.json", "--run-root", "0".repeat(64)]).code, 16);
  t.equal(candor(shop, ["get", "products", "nobody"]).code, 2);
  t.equal(candor(shop, ["get", "nothing", id]).code, 2);
  await candidateIsSound(t, shop);
});

t.test("every entity of a module of several chunks has its proof, and no changed proof holds", async (t) => {
  const root = t.testdir();
  const ids = Array.from({ length: 37 }, (_, at) => `${String(at).padStart(8, "0")}-0000-8000-8000-000000000000`);
  const entities = new Map(ids.map((id, at) => [id, { at }] as const));
  writeTinyCandidate(join(root, "c"), {
    a: { entities: new Map() },
    m: { entities, cuts: [5, 6, 20] },
    z: { entities },
  });
  for (const [at, id] of ids.entries()) {
    const options = { input: "c", module: "m", id };
    t.equal(JSON.parse(getEntity(contextOf(root), options)).at, at);
    const proof = await prove(contextOf(root), options);
    t.equal(proof.inModule.index, at);
    const file = join(root, "proof.json");
    const text = JSON.stringify(proof);
    writeFileSync(file, text);
    t.equal(verifyProof(file, undefined).fault, undefined);
    // Any digit of any hash, and any number that the proof states.
    const places = [...text.matchAll(/[0-9a-f]{64}|"(?:index|size|read)":(\d+)/g)].map(
      (match) => match.index + match[0].length - 1,
    );
    const place = places[at % places.length] ?? 0;
    writeFileSync(file, `${text.slice(0, place)}${text[place] === "1" ? "2" : "1"}${text.slice(place + 1)}`);
    t.ok(verifyProof(file, undefined).fault !== undefined, `changed at ${place} of ${text.length}`);
  }
});

t.test("the size of the module is part of what is proved", async (t) => {
  const root = t.testdir();
  const ids = Array.from({ length: 37 }, (_, at) => `${String(at).padStart(8, "0")}-0000-8000-8000-000000000000`);
  writeTinyCandidate(join(root, "c"), { m: { entities: new Map(ids.map((id) => [id, {}] as const)) } });
  const proof = await prove(contextOf(root), { input: "c", module: "m", id: ids[0] ?? "" });
  const file = join(root, "proof.json");
  // The first leaf has the same path in a tree of 38: only the module record says how many there are.
  writeFileSync(file, JSON.stringify({ ...proof, inModule: { ...proof.inModule, size: 38 } }));
  t.match(verifyProof(file, undefined).fault, /size of the module: expected 37, got 38/);
});

t.test("what is damaged is not proved", async (t) => {
  const code = (error: unknown): string => (error instanceof MigrationError ? error.code : String(error));
  const dir = t.testdir();
  const options = { input: INPUT, module: "products", id: shopId("products", "P-001") };
  const damaged = (name: string, file: string, marker: string): string => {
    const root = join(dir, name);
    copyShop(shop, root);
    flipHex(root, file, marker);
    return root;
  };
  const digest = damaged("digest", "products/checksums/entities.jsonl", '"sha256":"');
  t.equal(await prove(contextOf(digest), options).catch(code), "UNVERIFIABLE");
  const run = damaged("run", "checksums/run.json", '],"root":"');
  t.equal(await prove(contextOf(run), options).catch(code), "UNVERIFIABLE");
  const data = join(dir, "data");
  cpSync(shop, data, { recursive: true });
  const path = join(candidateOf(data), "products/data.jsonl");
  writeFileSync(path, readFileSync(path, "utf8").replaceAll('"version":0', '"version":1'));
  t.throws(() => getEntity(contextOf(data), options), { code: "UNVERIFIABLE" });
  for (const text of ["", "{}", '{"format":"candor-proof/1"}']) {
    writeFileSync(join(dir, "p.json"), text);
    t.throws(() => verifyProof(join(dir, "p.json"), undefined), { code: "UNVERIFIABLE" });
  }
  t.throws(() => verifyProof(join(dir, "none.json"), undefined), { code: "UNVERIFIABLE" });
});
