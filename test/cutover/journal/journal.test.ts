import { appendFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { sealRecord } from "../../../tools/migration/cutover/journal/chain.ts";
import { Journal } from "../../../tools/migration/cutover/journal/journal.ts";
import { createMask, NO_MASK } from "../../../tools/migration/cutover/journal/mask.ts";
import { readJournal } from "../../../tools/migration/cutover/journal/read-journal.ts";
import type { CutoverRecord } from "../../../tools/migration/cutover/journal/record.ts";
import {
  createRunDirectory,
  listRuns,
  openRunDirectory,
  type RunDirectory,
} from "../../../tools/migration/cutover/journal/run-directory.ts";
import type { Clock } from "../../../tools/migration/cutover/time/clock.ts";
import { mountTmpfs, noTmpfs, remountReadOnly } from "../../helpers/tmpfs.ts";

const clock: Clock = { monoMs: () => 5, wall: () => new Date(0), sleep: async () => {}, during: (work) => work };
const options = { clock, mask: NO_MASK, ballastBytes: 4096 };

function said(text: string): CutoverRecord {
  return { type: "note", step: null, attempt: null, data: { code: "OTHER", text } };
}

function newRun(t: Test, root = t.testdir()): RunDirectory {
  return createRunDirectory(root, "r1");
}

function write(run: RunDirectory, count: number): void {
  const journal = new Journal(run, options);
  for (let at = 0; at < count; at++) journal.append(said(`record ${at}`));
  journal.close();
}

t.test("a run folder is private, and found again", async (t) => {
  const root = t.testdir();
  const run = newRun(t, root);
  for (const path of [run.path, run.inbox, run.steps, run.docs]) t.equal(statSync(path).mode & 0o777, 0o700, path);
  t.strictSame(createRunDirectory(root, "r1"), run, "nothing has begun in it");
  t.throws(() => createRunDirectory(root, "../r2"), { code: "USAGE" });
  t.throws(() => openRunDirectory(root, "r2"), { code: "RUN_MISSING" });
  t.strictSame(listRuns(root), [], "a run without a journal has not begun");
  write(run, 1);
  t.strictSame(listRuns(root), ["r1"]);
  t.strictSame(openRunDirectory(root, "r1"), run);
  t.equal(statSync(run.journal).mode & 0o777, 0o600);
});

t.test("a run that has lost its journal is not one that never was", async (t) => {
  const root = t.testdir();
  const run = newRun(t, root);
  write(run, 2);
  rmSync(run.journal);
  t.strictSame(listRuns(root), ["r1"]);
  t.throws(() => readJournal(openRunDirectory(root, "r1")), { code: "EVIDENCE_TRUNCATED", remedy: /of the run r1,/ });
});

t.test("records are chained, canonical, and HEAD names the last", async (t) => {
  const run = newRun(t);
  write(run, 3);
  write(run, 2);
  const { records, head, isHeadBehind } = readJournal(run);
  t.strictSame(
    records.map(({ seq, prev }) => [seq, prev]),
    records.map((_, at) => [at, records[at - 1]?.hash ?? "0".repeat(64)]),
  );
  t.equal(records.length, 5);
  t.strictSame(JSON.parse(readFileSync(run.head, "utf8")), head);
  t.equal(isHeadBehind, false);
});

t.test("F07 a torn last record is cut, kept and noted", async (t) => {
  const run = newRun(t);
  write(run, 3);
  appendFileSync(run.journal, '{"at":"1970');
  write(run, 1);
  const { records } = readJournal(run);
  t.match(records[3], { type: "note", data: { code: "JOURNAL_TORN" } });
  t.match(records[4], { data: { text: "record 0" } });
  t.equal(readFileSync(run.torn, "utf8"), '{"at":"1970');
});

t.test("F07 any cut of the last record leaves the chain valid to the record before", async (t) => {
  const run = newRun(t);
  write(run, 2);
  const head = readFileSync(run.head);
  const whole = readFileSync(run.journal);
  write(run, 1);
  const all = readFileSync(run.journal);
  for (let size = whole.length; size < all.length; size++) {
    writeFileSync(run.journal, all.subarray(0, size));
    writeFileSync(run.head, head);
    const { records, torn } = readJournal(run);
    t.equal(records.length, 2, `cut at ${size}`);
    t.equal(torn.length, size - whole.length);
  }
});

t.test("F08 HEAD behind is repaired, HEAD ahead is truncated evidence", async (t) => {
  const run = newRun(t);
  write(run, 2);
  const head = readFileSync(run.head);
  write(run, 2);
  writeFileSync(run.head, head);
  write(run, 1);
  t.match(readJournal(run).records[4], { data: { code: "HEAD_REPAIRED" } });
  rmSync(run.head);
  write(run, 1);
  t.match(readJournal(run).records[6], { data: { code: "HEAD_REPAIRED" } });
  const lines = readFileSync(run.journal, "utf8").split("\n");
  truncateSync(run.journal, Buffer.byteLength(`${lines.slice(0, 5).join("\n")}\n`));
  t.throws(() => new Journal(run, options), { code: "EVIDENCE_TRUNCATED", message: /record 7.*record 4/ });
  writeFileSync(run.journal, "");
  t.throws(() => readJournal(run), { code: "EVIDENCE_TRUNCATED" });
});

t.test("F65 any changed byte of any record is found and named", async (t) => {
  const run = newRun(t);
  write(run, 3);
  const bytes = readFileSync(run.journal);
  for (let at = 0; at < bytes.length; at += 7) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    writeFileSync(run.journal, changed);
    t.throws(() => readJournal(run), { code: /JOURNAL_DAMAGED|EVIDENCE_TRUNCATED/ }, `byte ${at}`);
  }
  const lines = bytes.toString().split("\n");
  for (const wrong of [
    [0, 2],
    [1, 0, 2],
    [0, 1, 1, 2],
  ].map((order) => order.map((at) => lines[at]))) {
    writeFileSync(run.journal, `${wrong.join("\n")}\n`);
    t.throws(() => readJournal(run), { code: "JOURNAL_DAMAGED" }, "left out, exchanged, doubled");
  }
});

t.test("F65 a record of another run or of a newer driver is refused (F86)", async (t) => {
  const root = t.testdir();
  const run = newRun(t, root);
  write(run, 2);
  const other = createRunDirectory(root, "r2");
  writeFileSync(other.journal, readFileSync(run.journal));
  t.throws(() => readJournal(other), { code: "JOURNAL_DAMAGED", message: /belongs to the run r1/ });
  writeFileSync(run.journal, readFileSync(run.journal, "utf8").replaceAll('"v":1', '"v":2'));
  t.throws(() => readJournal(run), { code: "JOURNAL_DAMAGED", message: /version is 2/ });
});

t.test("F60 F62 a full disk takes no half record; the ballast takes the HOLD", { skip: noTmpfs }, async (t) => {
  const disk = mountTmpfs(t, 64);
  const run = newRun(t, disk);
  const journal = new Journal(run, { ...options, ballastBytes: 16_384 });
  t.equal(statSync(run.ballast).size, 16_384);
  let written = 0;
  t.throws(
    () => {
      for (;;) {
        journal.append(said("x".repeat(700)));
        written++;
      }
    },
    { code: "DISK_FULL" },
  );
  t.ok(written > 10, `${written} records fitted`);
  t.equal(readJournal(run).records.length, written, "nothing torn");
  t.throws(() => journal.append(said("again".repeat(200))), { code: "DISK_FULL" });
  const hold = journal.appendUrgent({
    type: "hold",
    step: null,
    attempt: null,
    data: { reason: "disk full", choices: [], code: "DISK_FULL" },
  });
  t.equal(hold.seq, written);
  t.equal(journal.restoreBallast(), false, "there is no room for it");
  rmSync(join(disk, "storage_reports", "cutover", "r1", "docs"), { recursive: true });
  journal.close();
  const { records, torn } = readJournal(run);
  t.equal(torn.length, 0);
  t.match(records.slice(-2), [{ type: "hold" }, { type: "note", data: { code: "BALLAST_FREED" } }]);
});

t.test("F63 a journal that may not be written says so", { skip: noTmpfs }, async (t) => {
  const disk = mountTmpfs(t, 256);
  const run = newRun(t, disk);
  const journal = new Journal(run, options);
  journal.append(said("before"));
  journal.close();
  remountReadOnly(disk);
  t.throws(() => new Journal(run, options), { code: "NOT_WRITABLE" });
  t.equal(readJournal(run).records.length, 1, "it can still be read");
});

t.test("a second writer is noticed before it harms", async (t) => {
  const run = newRun(t);
  const first = new Journal(run, options);
  const second = new Journal(run, options);
  first.append(said("one"));
  t.throws(() => second.append(said("two")), { code: "LOCK_HELD", message: /another process writes/ });
  first.append(said("three"));
  t.equal(readJournal(run).records.length, 2);
});

t.test("F90 F95 a jump of the wall clock is noted, and changes no order", async (t) => {
  const run = newRun(t);
  let wallMs = 1_000_000;
  let monoMs = 0;
  const jumping = { ...clock, wall: () => new Date(wallMs), monoMs: () => monoMs };
  const journal = new Journal(run, { ...options, clock: jumping });
  journal.append(said("one"));
  wallMs += 60_000;
  monoMs += 60_000;
  journal.append(said("two"));
  wallMs -= 3_600_000;
  monoMs += 1;
  journal.append(said("three"));
  const texts = journal.records.map(({ data }) => ("text" in data ? data.text : ""));
  t.strictSame(texts.slice(0, 2), ["one", "two"]);
  t.match(texts[2], /moved by -3600001 ms/);
  t.equal(texts[3], "three");
});

t.test("F100 no record holds a secret, in any of its forms", async (t) => {
  const run = newRun(t);
  const secret = 'pass "word"/+ü';
  const mask = createMask(new Map([["API_KEY", secret]]));
  const journal = new Journal(run, { ...options, mask });
  const forms = [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString("base64"),
    Buffer.from(`user:${secret}`).toString("base64"),
    JSON.stringify({ key: secret }),
  ];
  for (const form of forms) journal.append(said(`before ${form} after`));
  const text = readFileSync(run.journal, "utf8");
  for (const form of forms) t.notOk(text.includes(JSON.stringify(form).slice(1, -1)), form);
  t.notOk(text.includes(Buffer.from(`:${secret}`).toString("base64").slice(4, 12)), "inside a longer base64 text");
  t.equal(text.match(/\[secret API_KEY\]/g)?.length, forms.length);
});

t.test("10 000 records are verified in a second", async (t) => {
  const run = newRun(t);
  const head = { v: 1, run: "r1", at: "1970-01-01T00:00:00.000Z", mono: 5, boot: null, host: "h", user: "u" };
  const lines: string[] = [];
  let prev = "0".repeat(64);
  for (let seq = 0; seq < 10_000; seq++) {
    const sealed = sealRecord({ ...head, seq, prev }, said(`record ${seq} ${"x".repeat(600)}`));
    lines.push(sealed.line);
    prev = sealed.record.hash;
  }
  writeFileSync(run.journal, lines.join(""));
  const start = process.hrtime.bigint();
  t.equal(readJournal(run).records.length, 10_000);
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  t.comment(`verified in ${ms.toFixed(0)} ms`);
  t.ok(ms < 1000, `${ms} ms`);
});
