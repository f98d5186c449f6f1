import { generateKeyPairSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { takeDriverLock } from "../../tools/migration/cutover/journal/driver-lock.ts";
import { openRunDirectory } from "../../tools/migration/cutover/journal/run-directory.ts";
import { systemClock } from "../../tools/migration/cutover/time/clock.ts";
import { candor } from "../helpers/cli-project.ts";
import { mintRun, RecordedRun } from "../helpers/recorded-run.ts";

const RUN = "storage_reports/cutover/run-1";

t.test("seal, verify and documents on the command line", async (t) => {
  const root = t.testdir();
  mintRun(root);
  const pair = generateKeyPairSync("ed25519", {
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  writeFileSync(join(root, "key.pem"), pair.privateKey, { mode: 0o600 });
  writeFileSync(join(root, "public.pem"), pair.publicKey);

  for (const [command, file] of [
    ["pack", "changepack.md"],
    ["scope", "scope.md"],
    ["evidence", "evidence.txt"],
  ] as const) {
    const ran = candor(root, ["cutover", command, "--root", root]);
    t.match(ran, { code: 0, stderr: "" }, command);
    t.match(ran.stdout, `wrote ${RUN}/docs/${file}\n`);
    const before = readFileSync(join(root, RUN, "docs", file));
    t.equal(candor(root, ["cutover", command, "--root", root, "--json"]).code, 0);
    t.strictSame(readFileSync(join(root, RUN, "docs", file)), before, "the same bytes again");
  }

  const sealed = candor(root, ["cutover", "seal", "--root", root, "--commit", "spine=0ce4de6", "--key", "key.pem"]);
  t.match(sealed, { code: 0, stderr: "" });
  const head = /^head ([0-9]+:[0-9a-f]{64})$/m.exec(sealed.stdout)?.[1] ?? "";
  const verify = ["cutover", "verify", "--root", root, "--key", "public.pem", "--head", head];
  const verified = candor(root, verify);
  t.match(verified, {
    code: 0,
    stderr: "",
    stdout: /everything is as the records say[\s\S]*statement signed with this key/,
  });
  t.match(JSON.parse(candor(root, [...verify, "--json"]).stdout), { statement: "valid", problems: [] });

  writeFileSync(join(root, RUN, "docs/scope.md"), "another\n");
  t.match(candor(root, verify), { code: 16, stdout: /PROBLEM docs\/scope.md is not what the statement says/ });
  const journal = readFileSync(join(root, RUN, "journal.jsonl"), "utf8");
  writeFileSync(join(root, RUN, "journal.jsonl"), journal.replace("p0-baseline", "p1-baseline"));
  t.match(candor(root, verify), { code: 17, stdout: /PROBLEM Record 2 of the journal/ });
  t.match(candor(root, ["cutover", "pack", "--root", root]), {
    code: 17,
    stderr: /error JOURNAL_DAMAGED.*\n.*Record 2/,
  });
  t.match(candor(root, ["cutover", "pack", "--root", root, "--unsealed"]), { code: 0 });
  t.match(readFileSync(join(root, RUN, "docs/changepack.md"), "utf8"), /^> \*\*UNSEALED/);
});

t.test("a cut journal is exit code 20 for who makes documents, and 17 for verify", async (t) => {
  const root = t.testdir();
  const { run } = mintRun(root);
  const lines = readFileSync(run.journal, "utf8").trimEnd().split("\n");
  writeFileSync(run.journal, `${lines.slice(0, -2).join("\n")}\n`);
  t.match(candor(root, ["cutover", "pack", "--root", root]), { code: 20, stderr: /error EVIDENCE_TRUNCATED/ });
  t.match(candor(root, ["cutover", "verify", "--root", root]), { code: 17, stdout: /Evidence truncated/ });
});

t.test("which run is meant is asked for, never guessed", async (t) => {
  const root = t.testdir();
  const ask = ["cutover", "verify", "--root", root];
  t.match(candor(root, ask), { code: 2, stderr: /error RUN_MISSING: There is no cutover run/ });
  new RecordedRun(root, "migration/cutover/step22.yaml").journal.close();
  t.match(candor(root, ask), { code: 0 });
  t.match(candor(root, [...ask, "--run", "run-2"]), { code: 2, stderr: /RUN_MISSING/ });
  t.match(candor(root, [...ask, "--head", "x"]), { code: 2, stderr: /--head takes/ });
  t.match(candor(root, [...ask, "--key", "none.pem"]), { code: 2, stderr: /none.pem cannot be read \(ENOENT\)/ });
  t.match(candor(root, ["cutover", "seal", "--root", root]), { code: 2, stderr: /has not ended/ });
});

t.test("F70 a run that is driven is not sealed: exit code 30 names the driver", async (t) => {
  const root = t.testdir();
  mintRun(root);
  const clock = systemClock();
  const lock = takeDriverLock(openRunDirectory(root, "run-1"), { clock, command: "cutover resume" });
  const ran = candor(root, ["cutover", "seal", "--root", root]);
  t.match(ran, { code: 30, stderr: new RegExp(`driven by process ${process.pid} on host`) });
  lock.release();
});
