import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { PACK_SECTIONS } from "../../../tools/migration/cutover/documents/change-pack.ts";
import { openRun } from "../../../tools/migration/cutover/documents/open-run.ts";
import {
  DOCUMENTS,
  type DocumentName,
  renderDocument,
  writeDocuments,
} from "../../../tools/migration/cutover/documents/render.ts";
import { mintRun, RecordedRun } from "../../helpers/recorded-run.ts";

const NAMES = Object.keys(DOCUMENTS) as DocumentName[];

function packOf(root: string): string {
  return renderDocument(openRun(root, "run-1", { unsealed: false }), "changepack");
}

function section(pack: string, name: string): string {
  const [, text = ""] = pack.split(`## ${name}\n`);
  return text.split("\n## ")[0] ?? "";
}

t.test("002-14 the pack has its twelve sections in order, and passes the greps of both locks", async (t) => {
  const root = t.testdir();
  mintRun(root);
  const pack = packOf(root);
  const headings = [...pack.matchAll(/^## (.*)$/gm)].map(([, name]) => name);
  t.strictSame(
    headings,
    PACK_SECTIONS.map(([name]) => name),
  );
  t.strictSame(headings, [
    "Change Description",
    "IP Map",
    "Rollback Map",
    "Pre-Cutover Verification Matrix",
    "Cutover Sequence",
    "LAN-Only Devices",
    "Post-Cutover Verification Matrix",
    "Sign-Off",
    "Image Digests",
    "Database Migration",
    "Deferred Items",
    "Documentation Sweep",
  ]);
  const integrityLock = headings.slice(0, 8);
  const preflight = [...integrityLock, "Deferred Items", "Documentation Sweep"];
  for (const [lock, names] of [
    ["integrity lock", integrityLock],
    ["preflight", preflight],
  ] as const) {
    for (const name of names) {
      const found = spawnSync("grep", ["-q", `^## ${name}`], { input: pack });
      t.equal(found.status, 0, `${lock}: ${name}`);
    }
  }
  for (const name of headings) t.ok(section(pack, name ?? "").trim() !== "", `${name} says something`);
});

t.test("002-01 002-02 the change is described, and the measured downtime stands beside the planned", async (t) => {
  const root = t.testdir();
  mintRun(root);
  const text = section(packOf(root), "Change Description");
  t.match(text, /\| Change ID \| LOOP-MINT-PROD-CUTOVER-EXECUTION-20260212 \|/);
  t.match(text, /\| Downtime window \| \\~2 min .*\n\| Actual downtime \| 64 s \|/);
});

t.test("002-03 002-04 addresses and ways back have their tables", async (t) => {
  const root = t.testdir();
  mintRun(root);
  const pack = packOf(root);
  t.match(
    section(pack, "IP Map"),
    /^\nSoftware-only cutover - no IP changes\.\n\n\| Service \| Host \| IP \| Port \| Change \|/,
  );
  const map = section(pack, "Rollback Map");
  t.match(map, /`cd ~\/artwork-module && docker compose up -d` on docker-host/);
  t.match(map, /removes order-intake|docker-compose.prod.yml down/);
  t.match(map, /`ALTER TABLE artwork_seeds DROP COLUMN metadata;`, asks operator/);
  t.match(map, /None: one test seed/);
});

t.test("002-05 002-09 the matrices are made of the last answers before and after the first change", async (t) => {
  const root = t.testdir();
  mintRun(root);
  const pack = packOf(root);
  const pre = section(pack, "Pre-Cutover Verification Matrix");
  t.match(pre, /8 PASS, 0 FAIL, 0 UNKNOWN, 0 SKIPPED, 0 not run/);
  t.match(pre, /\| Check \| Method \| Result \| Receipt \|/);
  t.match(pre, /\| Docker running \| `docker --version` on docker-host \| PASS: docker\\_version=28.2.2 \| record/);
  t.match(pre, /\| spine\.verify \|.*\| PASS \| `CAP-20260212-011535__spine\.verify__Rq3md83791`, record [0-9]+ \|/);
  const post = section(pack, "Post-Cutover Verification Matrix");
  t.match(post, /9 PASS, 0 FAIL/);
  t.match(post, /\| files-api health \| `GET http:\/\/192\.168\.1\.200:3500\/health` \| PASS: status=ok, minio=ok \|/);
});

t.test("001-14 G14 skips are counted apart, with their reason", async (t) => {
  const root = t.testdir();
  mintRun(root);
  const post = section(packOf(root), "Post-Cutover Verification Matrix");
  t.match(post, /\| Smoke script \|.*6\/6 passed \(2 skipped: ORDER\\_INTAKE\\_API\\_KEY not set\)/);
});

t.test("002-06 the sequence is the order in which the steps were begun", async (t) => {
  const root = t.testdir();
  mintRun(root);
  const lines = section(packOf(root), "Cutover Sequence")
    .split("\n")
    .filter((line) => /^[0-9]+\. /.test(line));
  const order = [
    "Bootstrap",
    "rsync",
    "build",
    "artwork-module",
    "quote-page",
    "up -d",
    "wait",
    "ADD COLUMN",
    "intake",
  ];
  t.ok(lines.length >= order.length);
  const places = order.map((word) => lines.findIndex((line) => line.includes(word)));
  t.notOk(places.includes(-1), places.join(" "));
  t.strictSame(
    places,
    [...places].sort((left, right) => left - right),
  );
});

t.test("002-11 002-12 002-13 signatures, whole digests and the migration", async (t) => {
  const root = t.testdir();
  mintRun(root);
  const pack = packOf(root);
  t.match(
    section(pack, "Sign-Off"),
    /\| operator \| @ronny \(via an agent\) \| 2026-02-12 \| go on closeout: Cutover successful/,
  );
  const digests = section(pack, "Image Digests");
  t.match(digests, /\| artwork \| `mint-modules\/artwork:0ce4de6` \| `sha256:a{64}` \| image id \|/);
  t.match(
    section(pack, "Database Migration"),
    /```sql\nALTER TABLE artwork_seeds ADD COLUMN metadata[^`]*```\n\nStep migrate: PASS\.\n\nNon-breaking/,
  );
});

t.test("002-08 a section without anything to say says None and why", async (t) => {
  const root = t.testdir();
  const recorded = new RecordedRun(root, "migration/cutover/station56.yaml");
  recorded.journal.close();
  const pack = packOf(root);
  for (const name of ["Image Digests", "Documentation Sweep"]) t.match(section(pack, name), /^\nNone: /, name);
  t.match(section(pack, "LAN-Only Devices"), /No LAN-only device changes/);
});

t.test("F14 documents are made of plan and journal alone: twice the same bytes", async (t) => {
  const root = t.testdir();
  mintRun(root);
  const opened = openRun(root, "run-1", { unsealed: false });
  const first = NAMES.map((name) => renderDocument(opened, name));
  process.env["TZ"] = "Pacific/Kiritimati";
  t.teardown(() => delete process.env["TZ"]);
  const again = openRun(root, "run-1", { unsealed: false });
  t.strictSame(
    NAMES.map((name) => renderDocument(again, name)),
    first,
  );
  const written = writeDocuments(root, again, NAMES);
  t.strictSame(
    written.map(({ path }) => readFileSync(join(root, path), "utf8")),
    first,
  );
  for (const text of first) t.notOk(text.includes(root), "no path of this machine");
});

t.test("002-15 a document can have a place of its own, below the project only", async (t) => {
  const text = readFileSync("migration/cutover/mint-prod-cutover.yaml", "utf8");
  const dir = t.testdir({ one: {}, two: {} });
  const file = join(dir, "plan.yaml");
  writeFileSync(file, `${text}  files: {changepack: 'loops/<id>.changepack.md', scope: 'loops/<id>.scope.md'}\n`);
  const root = join(dir, "one");
  new RecordedRun(root, file).journal.close();
  const written = writeDocuments(root, openRun(root, "run-1", { unsealed: false }), ["changepack", "scope"]);
  const id = "LOOP-MINT-PROD-CUTOVER-EXECUTION-20260212";
  t.strictSame(
    written.map(({ path }) => path).filter((path) => path.startsWith("loops")),
    [`loops/${id}.changepack.md`, `loops/${id}.scope.md`],
  );
  writeFileSync(file, `${text}  files: {scope: '../outside.md'}\n`);
  const other = join(dir, "two");
  new RecordedRun(other, file).journal.close();
  t.throws(() => writeDocuments(other, openRun(other, "run-1", { unsealed: false }), ["scope"]), { code: "USAGE" });
});

t.test("F27 what others wrote is no markup and no control", async (t) => {
  const root = t.testdir();
  const recorded = new RecordedRun(root, "migration/cutover/mint-prod-cutover.yaml", { vars: { tag: "a|b" } });
  const evil = "a | b `c` **d** <script>\x1b[31mred\x07\u202e\nnext";
  recorded.check("docker", "prep", { saved: { docker_version: evil } });
  recorded.check("ssh", "prep", { text: "echo `x` | tee \x1b", verdict: "FAIL" });
  recorded.step("env", "cutover", { result: "failed", reason: evil });
  recorded.sign("x", "operator", "hold", { reason: evil });
  recorded.journal.close();
  const opened = openRun(root, "run-1", { unsealed: false });
  for (const name of NAMES) {
    const text = renderDocument(opened, name);
    t.notMatch(text, /[\x00-\x08\x0b-\x1f\x7f\u202e]/, `${name} has no control`);
    if (["changepack", "scope", "checklist", "junit"].includes(name))
      t.notMatch(text, /(?<!\\)<script>/, `${name} has no tag`);
  }
  const pack = renderDocument(opened, "changepack");
  const cells = (line: string): number => line.replaceAll("\\|", "").split("|").length;
  for (const line of pack.split("\n").filter((one) => one.startsWith("| Docker ") || one.startsWith("| SSH "))) {
    t.equal(cells(line), 6, "four cells");
  }
  t.match(pack, /`` echo `x` \\\| tee \\x1b ``/);
});
