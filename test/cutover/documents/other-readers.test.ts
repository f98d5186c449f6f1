import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import t, { type Test } from "tap";
import { Parser } from "tap-parser";
import { openRun } from "../../../tools/migration/cutover/documents/open-run.ts";
import { type DocumentName, renderDocument } from "../../../tools/migration/cutover/documents/render.ts";
import { sealRun } from "../../../tools/migration/cutover/documents/seal.ts";
import type { Clock } from "../../../tools/migration/cutover/time/clock.ts";
import { parseSigningKey } from "../../../tools/migration/integrity/dsse.ts";
import { mintRun, RecordedRun } from "../../helpers/recorded-run.ts";

/** Programs that have nothing of ours in them. */
const noXmllint = spawnSync("xmllint", ["--version"]).status === 0 ? false : "needs xmllint (libxml2-utils)";
const noOpenssl = spawnSync("openssl", ["version"]).status === 0 ? false : "needs openssl";

const SCHEMA = resolve("test/fixtures/junit.xsd");
const NASTY = 'a <b> & "c" ]]> \u0007\u001b[31m --> \ud800 ünï\ncode #1';

const render = (root: string, name: DocumentName): string =>
  renderDocument(openRun(root, "run-1", { unsealed: false }), name);

/** A run with every verdict, and with texts that no format likes. */
function mixedRun(root: string): void {
  const recorded = new RecordedRun(root, "migration/cutover/mint-prod-cutover.yaml");
  recorded.check("ssh", "prep");
  recorded.check("docker", "prep", { verdict: "FAIL", notes: [NASTY] });
  recorded.check("networks", "prep", { verdict: "UNKNOWN", notes: [NASTY] });
  recorded.add({ type: "step.skip", step: "settle", attempt: null, data: { kind: "na", reason: NASTY } });
  recorded.journal.close();
}

/** Runs of every kind: nothing done yet, everything in it, and rolled back. */
function runsOf(t: Test): readonly string[] {
  const root = t.testdir({ mixed: {}, good: {}, blocked: {} });
  mixedRun(join(root, "mixed"));
  mintRun(join(root, "good"));
  mintRun(join(root, "blocked"), { blocked: true });
  const begun = ["mint-prod-cutover", "mint-rank5plus", "station56", "step22"].map((plan) => {
    new RecordedRun(join(root, plan), `migration/cutover/${plan}.yaml`).journal.close();
    return join(root, plan);
  });
  return [...["mixed", "good", "blocked"].map((name) => join(root, name)), ...begun];
}

t.test("the JUnit report is what its schema says, read by xmllint", { skip: noXmllint }, async (t) => {
  for (const root of runsOf(t)) {
    const file = join(root, "report.xml");
    const text = render(root, "junit");
    writeFileSync(file, text);
    const { status, stderr } = xmllint("--noout", "--schema", SCHEMA, file);
    t.equal(status, 0, stderr);
    const { counts, cases } = JSON.parse(render(root, "json"));
    const counted = ["testcase", "failure", "error", "skipped"].map((name) => xpath(file, `count(//${name})`));
    const { failed, unknown, skipped } = counts;
    t.strictSame(counted.map(Number), [cases.length, failed, unknown, skipped], "as the JSON report counts");
    for (const [at, name] of ["tests", "failures", "errors", "skipped"].entries()) {
      t.equal(xpath(file, `string(/testsuites/@${name})`), counted[at], `${name} of all`);
      t.equal(xpath(file, `sum(/testsuites/testsuite/@${name})`), counted[at], `${name} of the suites`);
    }
  }
  const mixed = join(t.testdirName, "mixed/report.xml");
  const text = readFileSync(mixed, "utf8");
  t.match(
    xpath(mixed, "string(//failure/@message)"),
    /^.*a <b> & "c" \]\]> .* --> .*ünï.*code #1/,
    "the text is whole",
  );
  for (const [from, to] of [
    [' name="ssh', ' nom="ssh'],
    ["</testsuites>", ""],
    ["<error ", "<failure/><error "],
    ['time="0.', 'time="about 0.'],
    ["&lt;b&gt;", "<b>"],
  ] as const) {
    writeFileSync(mixed, text.replace(from, to));
    t.not(text.replace(from, to), text, from);
    t.not(xmllint("--noout", "--schema", SCHEMA, mixed).status, 0, `${to} in the place of ${from} is refused`);
  }
});

t.test("the TAP report is read by another parser, without a line that it does not know", async (t) => {
  for (const root of runsOf(t)) {
    const { counts, cases } = JSON.parse(render(root, "json"));
    const events = Parser.parse(render(root, "tap"), { strict: true });
    const results = events.flatMap((event) => (event[0] === "complete" ? [event[1]] : []));
    const { failed, unknown, skipped } = counts;
    t.match(results, [
      { ok: failed + unknown === 0, count: cases.length, fail: failed + unknown, skip: skipped, bailout: false },
    ]);
    t.notOk(
      events.some(([name]) => name === "extra" || name === "bailout"),
      "nothing is beside the format",
    );
    const failures = results.flatMap((one) => one.failures);
    t.ok(failures.every((one) => one.tapError === null && one.diag?.verdict !== undefined));
    t.equal(failures.length, failed + unknown, "each says why");
  }
});

const clock: Clock = { monoMs: () => 5, wall: () => new Date(0), sleep: async () => {}, during: (work) => work };

t.test(
  "openssl verifies the signed statement of a run, and refuses one changed byte",
  { skip: noOpenssl },
  async (t) => {
    const root = t.testdir();
    const recorded = mintRun(root);
    const pair = generateKeyPairSync("ed25519", {
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    sealRun(root, "run-1", { clock, commits: new Map(), key: parseSigningKey(pair.privateKey, "key") });
    const envelope = JSON.parse(readFileSync(join(recorded.run.path, "docs/statement.dsse.json"), "utf8"));
    t.strictSame(Object.keys(envelope).sort(), ["payload", "payloadType", "signatures"]);
    const payload = Buffer.from(envelope.payload, "base64");
    const statement = JSON.parse(payload.toString("utf8"));
    t.match(statement, {
      _type: "https://in-toto.io/Statement/v1",
      subject: [{ digest: { sha256: /^[0-9a-f]{64}$/ } }],
    });
    // The text that DSSE 1.0 has signed, put together here from what it says and nothing of ours.
    const type = Buffer.from(envelope.payloadType);
    const message = Buffer.concat([
      Buffer.from(`DSSEv1 ${type.length} `),
      type,
      Buffer.from(` ${payload.length} `),
      payload,
    ]);
    const signature = Buffer.from(envelope.signatures[0].sig, "base64");
    writeFileSync(join(root, "public.pem"), pair.publicKey);
    t.ok(isVerified(root, message, signature), "as it is");
    for (const at of [0, 8, message.length - 1])
      t.notOk(isVerified(root, flipped(message, at), signature), `byte ${at}`);
    for (const at of [0, 63]) t.notOk(isVerified(root, message, flipped(signature, at)), `byte ${at} of the signature`);
    for (const { name, digest } of statement.subject) {
      const file = join(recorded.run.path, name);
      const { stdout } = spawnSync("openssl", ["dgst", "-sha256", "-r", file], { encoding: "utf8" });
      t.equal(stdout.split(" ")[0], digest.sha256, `${name} has the digest that was signed`);
    }
  },
);

function isVerified(root: string, message: Buffer, signature: Buffer): boolean {
  writeFileSync(join(root, "message"), message);
  writeFileSync(join(root, "signature"), signature);
  const args = ["-verify", "-rawin", "-pubin", "-inkey", "public.pem", "-sigfile", "signature", "-in", "message"];
  return spawnSync("openssl", ["pkeyutl", ...args], { cwd: root }).status === 0;
}

function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

function xmllint(...args: readonly string[]): { readonly status: number | null; readonly stderr: string } {
  return spawnSync("xmllint", ["--nonet", ...args], { encoding: "utf8" });
}

function xpath(file: string, expression: string): string {
  return spawnSync("xmllint", ["--nonet", "--xpath", expression, file], { encoding: "utf8" }).stdout.trim();
}
