import { mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import type { Flip } from "../../../tools/migration/cutover/plan/action.ts";
import { flipDriver } from "../../../tools/migration/cutover/verbs/flip.ts";
import { OTHER_PEOPLE, POINTER, release, releasedProject } from "../../helpers/release.ts";
import { contextOf } from "../../helpers/verb-context.ts";

const ROOT = "$" + "{root}";
const link: Flip = { kind: "link", link: POINTER, root: ROOT, scanAgeMs: 3_600_000, allow: [] };
const verb = { kind: "flip", flip: link } as const;

t.test("a flip to a root is prepared, run, read back and undone", async (t) => {
  const { root, live } = await releasedProject(t);
  const context = contextOf(root, { root: live });
  const intent = await flipDriver.prepare(verb, context);
  t.match(intent, { text: `flip ${POINTER} to the release ${live}`, preImage: { from: null, root: live } });
  const result = await flipDriver.run(verb, context, intent);
  t.match(result, { outcome: "asked", exit: 0, recovered: false, flip: { pointer: POINTER, from: null, root: live } });
  t.match(result.flip?.scanSha256, /^[0-9a-f]{64}$/);
  const back = await flipDriver.undo?.(verb, context, intent);
  t.match(back, { exit: 0, flip: { from: `releases/${live}`, to: null } });
  const again = await flipDriver.undo?.(verb, context, intent);
  t.match(again, { exit: 0, flip: null, notes: [/already/] }, "F45: once more changes nothing");
});

t.test("what the flip stands on is refused at the intent, before anything moves", async (t) => {
  const { root } = await releasedProject(t);
  const context = contextOf(root, { root: "0".repeat(64) });
  await t.rejects(flipDriver.prepare(verb, context), { code: "NOT_PROVED" });
  await t.rejects(flipDriver.prepare(verb, contextOf(root)), /root/, "no value for the root");
});

t.test("F09, F10: after a kill the link tells what happened; a third value is nobody's", async (t) => {
  const { root, live } = await releasedProject(t);
  const context = contextOf(root, { root: live });
  const intent = await flipDriver.prepare(verb, context);
  t.equal(await flipDriver.recover(verb, context, intent), undefined, "it never began");
  for (const point of ["flip.logged", "flip.linked"]) {
    await flipDriver.run(verb, contextOf(root, { root: live }, point), intent);
    t.equal(await flipDriver.recover(verb, context, intent), undefined, `${point}: not yet`);
  }
  await flipDriver.run(verb, contextOf(root, { root: live }, "flip.renamed"), intent);
  t.match(await flipDriver.recover(verb, context, intent), { exit: 0, recovered: true, flip: { recovered: true } });
  mkdirSync(join(root, "storage/other/data"), { recursive: true });
  rmSync(join(root, POINTER));
  symlinkSync("other", join(root, POINTER));
  t.match(await flipDriver.recover(verb, context, intent), { outcome: "unknown", reason: /somebody else/ });
  t.match(await flipDriver.undo?.(verb, context, intent), { outcome: "unknown" }, "nor is it taken back");
  t.equal(readlinkSync(join(root, POINTER)), "other");
});

t.test("F52: a link that was moved after the intent is not overwritten", async (t) => {
  const { root, live } = await releasedProject(t);
  const context = contextOf(root, { root: live });
  const intent = await flipDriver.prepare(verb, context);
  mkdirSync(join(root, "storage/other/data"), { recursive: true });
  symlinkSync("other", join(root, POINTER));
  t.match(await flipDriver.run(verb, context, intent), { outcome: "failed", reason: /^POINTER_MOVED/, flip: null });
});

t.test("F43: a way back that is gone is told before it is needed", async (t) => {
  const { root, live } = await releasedProject(t);
  const first = contextOf(root, { root: live });
  t.strictSame(await flipDriver.undoProblems?.(verb, first, null), [], "absent needs nothing");
  t.strictSame(await flipDriver.undoProblems?.(verb, contextOf(root), null), [], "asked before the root is known");
  await flipDriver.run(verb, first, await flipDriver.prepare(verb, first));
  const next = await release(root, { people: OTHER_PEOPLE });
  rmSync(join(root, POINTER));
  symlinkSync("releases/gone", join(root, POINTER));
  const context = contextOf(root, { root: next });
  t.match(await flipDriver.undoProblems?.(verb, context, null), [/releases\/gone.*does not exist/]);
});

t.test("a key of a file is flipped, recovered and taken back", async (t) => {
  const root = t.testdir({ ".env": "ROOT=old # live\nOTHER=1\n" });
  const key = { kind: "flip", flip: { kind: "key", file: ".env", key: "ROOT", to: ROOT } } as const;
  const context = contextOf(root, { root: "new" });
  const intent = await flipDriver.prepare(key, context);
  t.match(intent.preImage, { from: "old" });
  await flipDriver.run(key, contextOf(root, { root: "new" }, "flip.written"), intent);
  t.equal(await flipDriver.recover(key, context, intent), undefined);
  t.match(await flipDriver.run(key, context, intent), {
    exit: 0,
    flip: { pointer: ".env#ROOT", from: "old", to: "new" },
  });
  t.equal(readFileSync(join(root, ".env"), "utf8"), "ROOT=new # live\nOTHER=1\n");
  t.match(await flipDriver.recover(key, context, intent), { recovered: true });
  t.match(await flipDriver.undo?.(key, context, intent), { flip: { from: "new", to: "old" } });
  t.equal(readFileSync(join(root, ".env"), "utf8"), "ROOT=old # live\nOTHER=1\n");
  writeFileSync(join(root, ".env"), "ROOT=third\n");
  t.match(await flipDriver.undo?.(key, context, intent), { outcome: "unknown" });
});
