import { generateKeyPairSync, verify } from "node:crypto";
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { openRun } from "../../../tools/migration/cutover/documents/open-run.ts";
import { renderDocument } from "../../../tools/migration/cutover/documents/render.ts";
import { sealRun } from "../../../tools/migration/cutover/documents/seal.ts";
import { verifyRun } from "../../../tools/migration/cutover/documents/verify-run.ts";
import { takeDriverLock } from "../../../tools/migration/cutover/journal/driver-lock.ts";
import { openRunDirectory } from "../../../tools/migration/cutover/journal/run-directory.ts";
import type { Clock } from "../../../tools/migration/cutover/time/clock.ts";
import {
  openEnvelope,
  parsePublicKey,
  parseSigningKey,
  signEnvelope,
} from "../../../tools/migration/integrity/dsse.ts";
import { mintRun, RecordedRun } from "../../helpers/recorded-run.ts";

const clock: Clock = { monoMs: () => 5, wall: () => new Date(0), sleep: async () => {}, during: (work) => work };

function newKeys(): { readonly key: string; readonly pub: string } {
  const pair = generateKeyPairSync("ed25519", {
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  return { key: pair.privateKey, pub: pair.publicKey };
}

function sealed(t: Test): { root: string; path: string; pub: ReturnType<typeof parsePublicKey> } {
  const root = t.testdir();
  const recorded = mintRun(root);
  const keys = newKeys();
  const commits = new Map([["mint-modules", "2ba09d2"]]);
  sealRun(root, "run-1", { clock, commits, key: parseSigningKey(keys.key, "key") });
  return { root, path: recorded.run.path, pub: parsePublicKey(keys.pub, "key") };
}

t.test("a sealed run verifies: chain, plan, outputs, signatures, documents, statement", async (t) => {
  const { root, path, pub } = sealed(t);
  const verified = verifyRun(root, "run-1", { key: pub });
  t.match(verified, { statement: "valid", signatures: 1, problems: [] });
  t.ok(verified.outputs > 20, `${verified.outputs} outputs`);
  t.match(verifyRun(root, "run-1", {}), { statement: "unchecked", problems: [] });
  const other = parsePublicKey(newKeys().pub, "key");
  t.match(verifyRun(root, "run-1", { key: other }), { statement: "invalid", problems: [/not signed with the key/] });
  t.strictSame(readdirSync(join(path, "docs")).sort(), [
    "changepack.md",
    "checklist.md",
    "evidence.txt",
    "report.json",
    "report.tap",
    "report.xml",
    "scope.md",
    "statement.dsse.json",
  ]);
  t.match(
    readFileSync(join(path, "docs/scope.md"), "utf8"),
    /- mint-modules: `2ba09d2`, sealed \(record [0-9]+\)/,
    "X25",
  );
});

t.test("F65 whatever is changed is named", async (t) => {
  const { root, path, pub } = sealed(t);
  const changes: readonly (readonly [string, RegExp])[] = [
    ["docs/changepack.md", /docs\/changepack.md is not what the statement says/],
    ["docs/report.json", /docs\/report.json is not/],
    ["plan.yaml", /plan.yaml of the run has SHA-256/],
    ["steps/1-spine.verify.1/out", /Record 2: its output steps\/1-spine.verify.1\/out was changed/],
  ];
  for (const [file, problem] of changes) {
    const before = readFileSync(join(path, file));
    appendFileSync(join(path, file), "# more\n");
    const { problems } = verifyRun(root, "run-1", { key: pub });
    t.ok(
      problems.some((one) => problem.test(one)),
      `${file}: ${problems.join(" ")}`,
    );
    rmSync(join(path, file));
    if (file !== "plan.yaml") t.match(verifyRun(root, "run-1", {}).problems.join(" "), /missing/, file);
    writeFileSync(join(path, file), before);
  }
  t.strictSame(verifyRun(root, "run-1", { key: pub }).problems, []);
});

t.test("F65 no document is made of records that were changed, unless it says so", async (t) => {
  const root = t.testdir();
  const { run } = mintRun(root);
  const text = readFileSync(run.journal, "utf8");
  writeFileSync(run.journal, text.replace("0 gaps", "9 gaps").replace('"verdict":"PASS"', '"verdict":"FAIL"'));
  t.throws(() => openRun(root, "run-1", { unsealed: false }), {
    code: "JOURNAL_DAMAGED",
    message: /cannot be trusted/,
    problems: [/^Record 2 of the journal cannot be trusted: its hash is not/],
    remedy: /--unsealed/,
  });
  t.throws(() => sealRun(root, "run-1", { clock, commits: new Map(), key: undefined }), { code: "JOURNAL_DAMAGED" });
  const opened = openRun(root, "run-1", { unsealed: true });
  t.equal(opened.view.records.length, 2, "what comes before is still there");
  for (const name of ["changepack", "scope", "evidence", "checklist", "json", "junit", "tap"] as const) {
    t.match(renderDocument(opened, name), /UNSEALED.*Record 2 of the journal/s, name);
  }
  t.match(renderDocument(opened, "scope"), /^---\nloop_id/, "front matter stays in front");
  t.match(verifyRun(root, "run-1", {}).problems, [/^Record 2/]);
});

t.test("F66 a cut tail is found by a head that was kept elsewhere", async (t) => {
  const root = t.testdir();
  const { run, journal } = mintRun(root);
  const { head } = journal;
  t.strictSame(verifyRun(root, "run-1", { head }).problems, []);
  const lines = readFileSync(run.journal, "utf8").trimEnd().split("\n");
  writeFileSync(run.journal, `${lines.slice(0, -1).join("\n")}\n`);
  t.match(verifyRun(root, "run-1", {}).problems, [/^Evidence truncated: HEAD names record/]);
  rmSync(run.head);
  t.strictSame(verifyRun(root, "run-1", {}).problems, [], "the limit: with no outside copy nothing tells");
  t.match(verifyRun(root, "run-1", { head }).problems, [
    /^The head that was given is record [0-9]+, .* its end was cut off/,
  ]);
  const other = { seq: 3, hash: "0".repeat(64) };
  t.match(verifyRun(root, "run-1", { head: other }).problems, [
    /another hash for record 3: the journal was written anew/,
  ]);
});

t.test("F66 the head of the statement is one such copy", async (t) => {
  const { root, path, pub } = sealed(t);
  const lines = readFileSync(join(path, "journal.jsonl"), "utf8").trimEnd().split("\n");
  writeFileSync(join(path, "journal.jsonl"), `${lines.slice(0, -1).join("\n")}\n`);
  rmSync(join(path, "HEAD"));
  t.match(verifyRun(root, "run-1", { key: pub }).problems, [/^The head of the statement is record/]);
});

t.test("a signature on a head that never was is found", async (t) => {
  const root = t.testdir();
  const recorded = new RecordedRun(root, "migration/cutover/step22.yaml");
  recorded.sign("x", "operator", "go", { head: "f".repeat(64) });
  recorded.journal.close();
  t.match(verifyRun(root, "run-1", {}).problems, [/^Record 2: it signs the head f{64}, which no record before it has/]);
});

t.test("drivers of a run have ascending numbers", async (t) => {
  const root = t.testdir();
  const recorded = new RecordedRun(root, "migration/cutover/step22.yaml");
  recorded.add({ type: "lock", step: null, attempt: null, data: { fence: 1, pid: 2, tookOver: null } });
  recorded.journal.close();
  t.match(verifyRun(root, "run-1", {}).problems, ["Record 2: driver number 1 comes after 1."]);
});

t.test("only an ended run is sealed, by one at a time, with commits that can be ones", async (t) => {
  const root = t.testdir({ open: {}, ended: {} });
  new RecordedRun(join(root, "open"), "migration/cutover/step22.yaml").journal.close();
  const options = { clock, commits: new Map<string, string>(), key: undefined };
  t.throws(() => sealRun(join(root, "open"), "run-1", options), { code: "USAGE", message: /has not ended/ });
  const ended = join(root, "ended");
  mintRun(ended);
  t.throws(() => sealRun(ended, "run-1", { ...options, commits: new Map([["a", "main"]]) }), { code: "USAGE" });
  const lock = takeDriverLock(openRunDirectory(ended, "run-1"), { clock, command: "cutover run" });
  t.throws(() => sealRun(ended, "run-1", options), { code: "LOCK_HELD" });
  lock.release();
  t.match(sealRun(ended, "run-1", options), {
    isSigned: false,
    statement: "storage_reports/cutover/run-1/docs/statement.json",
  });
  t.match(verifyRun(ended, "run-1", {}), { statement: "none", problems: [] });
});

t.test("a run can be sealed again; the statement is about the last documents", async (t) => {
  const { root, path } = sealed(t);
  const keys = newKeys();
  sealRun(root, "run-1", { clock, commits: new Map([["spine", "abcdef0"]]), key: parseSigningKey(keys.key, "key") });
  t.match(verifyRun(root, "run-1", { key: parsePublicKey(keys.pub, "key") }), { statement: "valid", problems: [] });
  const { statement } = openEnvelope(readFileSync(join(path, "docs/statement.dsse.json"), "utf8"), undefined) ?? {};
  t.match(statement, {
    _type: "https://in-toto.io/Statement/v1",
    predicateType: "urn:candor:cutover:1",
    predicate: { outcome: "SUCCEEDED", commits: { "mint-modules": "2ba09d2", spine: "abcdef0" } },
  });
  sealRun(root, "run-1", { clock, commits: new Map(), key: undefined });
  t.notOk(existsSync(join(path, "docs/statement.dsse.json")), "an old signature does not lie beside new documents");
});

t.test("a DSSE envelope is signed over its type and payload, and nothing else passes", async (t) => {
  const keys = newKeys();
  const [key, pub] = [parseSigningKey(keys.key, "k"), parsePublicKey(keys.pub, "k")];
  t.equal(key.id, pub.id);
  const text = signEnvelope({ b: 1, a: "ü" }, key);
  t.equal(text, signEnvelope({ a: "ü", b: 1 }, key), "the same content gives the same bytes");
  t.match(openEnvelope(text, pub), { statement: { a: "ü", b: 1 }, isSigned: true });
  const envelope = JSON.parse(text);
  const signed = Buffer.from('DSSEv1 28 application/vnd.in-toto+json 16 {"a":"ü","b":1}');
  t.ok(verify(null, signed, keys.pub, Buffer.from(envelope.signatures[0].sig, "base64")), "as DSSE 1.0 says");
  const forged = { ...envelope, payload: Buffer.from('{"a":"u","b":1}').toString("base64") };
  t.match(openEnvelope(JSON.stringify(forged), pub), { isSigned: false });
  t.match(openEnvelope(JSON.stringify({ ...envelope, signatures: [] }), pub), { isSigned: false });
  t.equal(openEnvelope(JSON.stringify({ ...envelope, payloadType: "text/plain" }), pub), undefined);
  t.equal(openEnvelope("{", pub), undefined);
  const rsa = generateKeyPairSync("rsa", {
    modulusLength: 1024,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  for (const bad of ["", "-----BEGIN PRIVATE KEY-----", rsa.privateKey]) {
    t.throws(() => parseSigningKey(bad, "key.pem"), { code: "USAGE", message: /^key.pem does not hold/ });
  }
});
