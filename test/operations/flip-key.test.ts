import { chmodSync, linkSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { applyKeyFlip, prepareKeyFlip, undoKeyFlip } from "../../tools/migration/operations/flip-key.ts";
import { contextOf } from "../helpers/operations.ts";

const TEXT = "# which storage is live\nstorage:\n  root: old  # set by the cutover\n";
const flip = { file: "app.yaml", key: "/storage/root", to: "new" };
const options = { tag: "test" };

t.test("F58: a key is flipped and flipped back; owner, mode and comments stay", async (t) => {
  const root = t.testdir({ "app.yaml": TEXT });
  chmodSync(join(root, "app.yaml"), 0o640);
  const before = statSync(join(root, "app.yaml"));
  const prepared = prepareKeyFlip(contextOf(root), flip);
  t.match(prepared, { from: "old", sha256: /^[0-9a-f]{64}$/ });
  applyKeyFlip(contextOf(root), flip, prepared, options);
  t.equal(readFileSync(join(root, "app.yaml"), "utf8"), TEXT.replace("old", "new"));
  t.match(statSync(join(root, "app.yaml")), { mode: before.mode, uid: before.uid, gid: before.gid });
  undoKeyFlip(contextOf(root), flip, prepared, options);
  undoKeyFlip(contextOf(root), flip, prepared, options);
  t.equal(readFileSync(join(root, "app.yaml"), "utf8"), TEXT);
  t.strictSame(readdirSync(root), ["app.yaml"]);
});

t.test("F58: a file that was edited meanwhile is not overwritten", async (t) => {
  const root = t.testdir({ "app.yaml": TEXT });
  const prepared = prepareKeyFlip(contextOf(root), flip);
  writeFileSync(join(root, "app.yaml"), `${TEXT}other: 1\n`);
  t.throws(() => applyKeyFlip(contextOf(root), flip, prepared, options), { code: "POINTER_MOVED", message: /edited/ });
  const again = prepareKeyFlip(contextOf(root), flip);
  const late = (step: string): void => {
    if (step === "written") writeFileSync(join(root, "app.yaml"), `${TEXT}other: 2\n`);
  };
  const raced = () => applyKeyFlip(contextOf(root), flip, again, { tag: "test", onStep: late });
  t.throws(raced, { code: "POINTER_MOVED" });
  t.equal(readFileSync(join(root, "app.yaml"), "utf8"), `${TEXT}other: 2\n`);
  t.strictSame(readdirSync(root), ["app.yaml"], "nothing is left behind");
});

t.test("F58: going back keeps what was edited since, and stops where the key was", async (t) => {
  const root = t.testdir({ "app.yaml": TEXT });
  const prepared = prepareKeyFlip(contextOf(root), flip);
  applyKeyFlip(contextOf(root), flip, prepared, options);
  writeFileSync(join(root, "app.yaml"), `${TEXT.replace("old", "new")}other: 1\n`);
  undoKeyFlip(contextOf(root), flip, prepared, options);
  t.equal(readFileSync(join(root, "app.yaml"), "utf8"), `${TEXT}other: 1\n`);
  writeFileSync(join(root, "app.yaml"), TEXT.replace("old", "third"));
  t.throws(() => undoKeyFlip(contextOf(root), flip, prepared, options), { code: "POINTER_MOVED", message: /third/ });
});

t.test("a link is followed; hard links, other kinds and missing keys are refused", async (t) => {
  const root = t.testdir({ real: { "app.json": '{"root":"old"}' }, "x.toml": 'root = "old"', "bad.json": "{" });
  symlinkSync("real/app.json", join(root, "app.json"));
  const json = { file: "app.json", key: "root", to: "new" };
  applyKeyFlip(contextOf(root), json, prepareKeyFlip(contextOf(root), json), options);
  t.equal(readFileSync(join(root, "real/app.json"), "utf8"), '{"root":"new"}');
  linkSync(join(root, "real/app.json"), join(root, "second.json"));
  const refused = (change: Partial<typeof json>, message: RegExp): void => {
    t.throws(() => prepareKeyFlip(contextOf(root), { ...json, ...change }), { code: "TARGET_UNFIT", message });
  };
  refused({}, /hard link/);
  refused({ file: "x.toml" }, /ends in none/);
  refused({ file: "bad.json" }, /strict JSON/);
  refused({ file: "real" }, /ends in none/);
});
