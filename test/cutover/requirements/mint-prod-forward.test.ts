import t from "tap";
import { layMintProd } from "../../estate/mint-prod.ts";
import { play } from "../../estate/play.ts";
import { only } from "../../helpers/cutover.ts";
import { estateWorld } from "../../helpers/estate-world.ts";
import { Evidence } from "../../helpers/evidence.ts";
import { bootstraps, mintTroubles } from "../../helpers/mint-prod-troubles.ts";
import { mendEach } from "../../helpers/troubles.ts";

// One run of the whole loop: what it prepares is wrong once each, it holds for that, and then goes through.
t.setTimeout(600_000);
const practice = await estateWorld(t, layMintProd);
const evidence = new Evidence(practice, await play(practice, mendEach(mintTroubles(), bootstraps)));
const { records, played } = evidence;
const scope = evidence.document("scope");

/** A part of the scope, without its heading. */
function part(name: string): string {
  return scope.split(new RegExp(`^#+ ${name}\n\n`, "m"))[1]?.split(/\n\n#/)[0] ?? "";
}

const begun = (phase: string): number => evidence.first("phase.start", phase);
const checksIn = (phase: string): readonly (string | null)[] => [
  ...new Set(only(records, "check").flatMap(({ step, data }) => (data.within === phase ? [step] : []))),
];

t.test("001-03 the phases are those of the loop, and the one for a rollback does not run on success", async (t) => {
  const titles = [...part("Phases").matchAll(/^[0-9]+\. \*\*(.*?)\*\*.*$/gm)].map((line) => [line[1], line[0]]);
  t.strictSame(
    titles.map(([title]) => title),
    ["P0 Baseline", "Parallel Prep", "Cutover", "Rollback (if needed)", "Final Recert", "Closeout"],
  );
  t.match(titles[3]?.[1], /: not needed$/);
  t.equal(only(records, "rollback.start").length, 0);
});

t.test("001-04 the baseline asks four checks before anything else, each with its receipt", async (t) => {
  t.strictSame(checksIn("p0-baseline"), ["spine.verify", "ops-status", "gaps.status", "authority"]);
  t.match(evidence.texts("spine.verify"), ["./bin/ops cap run spine.verify"]);
  t.match(evidence.texts("ops-status"), ["./bin/ops status"]);
  t.match(evidence.texts("gaps.status"), ["./bin/ops cap run gaps.status"]);
  t.match(evidence.texts("authority"), ["./bin/ops cap run authority.project.status --repo-path mint-modules"]);
  for (const name of checksIn("p0-baseline")) {
    t.match(evidence.receipts(name ?? "")[0]?.out, { sha256: /^[0-9a-f]{64}$/ }, name ?? "");
    t.ok(evidence.first("check", name ?? "") < begun("prep"));
  }
});

t.test("001-05 prep holds for a wrong tag, a failing dry promotion and a failing smoke baseline", async (t) => {
  for (const subject of ["tag-is-head", "prep/dry-run", "prep/smoke"]) {
    t.equal(evidence.holds(subject).length, 1, subject);
  }
  for (const subject of ["tag-is-head", "prep/dry-run", "prep/smoke"]) {
    t.ok(evidence.first("hold", subject) < begun("cutover"), `${subject} before the cutover`);
  }
  t.ok(
    evidence.first("step.end", "env-whole") < evidence.first("step.intent", "stop-files-api"),
    "the env is looked at",
  );
  t.match(evidence.expected("env-whole").join(), /keys, 0 empty/);
  t.match(evidence.texts("dry-run"), ["scripts/release/promote-to-prod.sh --dry-run"]);
});

t.test("001-06 the promotion is real, and smoke and health are looked at after it", async (t) => {
  const deployed = evidence.first("step.end", "deploy");
  t.ok(played.effects.includes("docker-host: docker compose up mint-modules-prod"));
  const after = only(records, "check").filter(({ seq, data }) => seq > deployed && data.place === "checkpoint");
  for (const name of ["files-api", "order-intake", "quote-page", "smoke"]) {
    t.ok(
      after.some(({ step, data }) => step === name && data.verdict === "PASS"),
      name,
    );
  }
});

t.test("G09 001-09 values of the baseline are kept and compared after the cutover and at the end", async (t) => {
  const kept = only(records, "baseline")[0]?.data;
  t.equal(kept?.moment, "prep");
  t.ok(kept?.values.some(({ check, saved }) => check === "gaps.status" && saved["open_gaps"] === "0"));
  t.strictSame(
    only(records, "compare").map(({ data }) => [data.moment, data.differences.length]),
    [
      ["cutover", 0],
      ["recert", 0],
      ["closeout", 0],
    ],
  );
  t.strictSame(checksIn("recert").slice(0, 3), ["spine.verify", "ops-status", "gaps.status"]);
  t.match(part("Recert Receipts"), /Compared with the baseline: no differences \(record [0-9]+\)/);
});

t.test("001-01 001-02 the scope has front matter and objective", async (t) => {
  t.match(
    scope,
    /^---\nloop_id: "LOOP-MINT-PROD-CUTOVER-EXECUTION-20260212"\nstatus: closed\nclosed: .*\nopened: 2026-02-12\nowner: "@ronny"\nscope: ".*"\nrepos:\n {2}- "mint-modules"\n {2}- "agentic-spine"\n---\n/,
  );
  for (const word of ["artwork", "order-intake", "quote-page", "docker-host", "VM 200"])
    t.match(part("Objective"), word);
});

t.test("001-11 baseline receipts are listed as check, full run key and result", async (t) => {
  const lines = part("Baseline Receipts").split("\n");
  t.equal(lines.length, 4);
  t.match(
    lines[0],
    /^- spine\.verify: `CAP-[0-9]+-[0-9]+__spine\.verify__R[0-9a-f]+`, record [0-9]+ - PASS; output `sha256:[0-9a-f]{64}`$/,
  );
  t.match(lines[1], /^- ops-status: record [0-9]+ - PASS: gaps=0, loops=1/);
});

t.test("001-12 the closeout has an outcome sentence, what was executed, and what was not as planned", async (t) => {
  t.match(part("Outcome"), /\*\*SUCCEEDED, complete, closable\*\*\. No rollback was needed\.$/);
  const summary = part("Execution Summary");
  for (const name of ["promote --dry-run", "migrate", "Smoke script", "End-to-end intake"])
    t.match(summary, new RegExp(`\\*\\*${name}\\*\\*: PASS`), name);
  t.match(summary, /\*\*Adaptation\*\*: Where Docker does not run locally/);
  t.match(summary, /\*\*Hold\*\*: prep\/smoke is FAIL/);
});

t.test(
  "001-13 the state of each service after the cutover has its parts, its image and the mark of a first deploy",
  async (t) => {
    const lines = part("Post-Cutover State").split("\n");
    const { tag } = practice.vars;
    t.match(lines[0], `files-api: PASS: HTTP 200, status=ok, db=ok, minio=ok, image \`mint-modules/artwork:${tag}\``);
    t.match(
      lines[1],
      `order-intake: PASS: HTTP 200, status=ok, artwork\\_api=ok, image \`mint-modules/order-intake:${tag}\` (first deploy)`,
    );
    t.match(
      lines[2],
      `quote-page: PASS: HTTP 200, status=ok, minio=ok, files\\_api=ok, image \`mint-modules/quote-page:${tag}\``,
    );
  },
);

t.test("001-14 smoke is counted as passed, total, skipped and why", async (t) => {
  t.match(part("Post-Cutover State"), "- smoke: PASS: 6/6 passed (2 skipped: ORDER\\_INTAKE\\_API\\_KEY not set)");
});

t.test("001-15 recert receipts are listed, and the closeout says how commits are added", async (t) => {
  t.match(part("Recert Receipts"), /- spine\.verify: `CAP-/);
  t.match(part("Final Commit Hashes"), /^- this project: `[0-9a-f]{40}` at the end/m);
  t.match(part("Final Commit Hashes"), /added by `seal`/);
});

t.test("001-10 a run that succeeded may be closed, and its done definition is ticked", async (t) => {
  t.ok(played.closable);
  for (const line of part("Done Definition").split("\n")) t.match(line, /^- \[x\] /);
  t.match(part("Done Definition"), /gaps\.status: PASS: open\\_gaps=0/);
});

t.test(
  "002-05 the pre-cutover matrix has the eight rows of the document, with method, result and receipt",
  async (t) => {
    const rows = evidence.section("Pre-Cutover Verification Matrix").split("\n").slice(4);
    const expected = [
      /^\| spine\.verify \| `\.\/bin\/ops cap run spine\.verify` \| PASS .*\| `CAP-/,
      /^\| ops status \| `\.\/bin\/ops status` \| PASS: gaps=0, loops=1 \| record/,
      /^\| authority\.project\.status \|.*--repo-path mint-modules` \| PASS/,
      /^\| promote --dry-run \| `.*promote-to-prod\.sh --dry-run` \| PASS/,
      /^\| SSH to docker-host \|.* on docker-host \| PASS/,
      /^\| Docker running \| `docker --version` on docker-host \| PASS: docker\\_version=28\.2\.2 \|/,
      /^\| External networks \| `docker network ls` on docker-host \| PASS/,
      /^\| Old containers healthy \| `docker ps .*` on docker-host \| PASS/,
    ];
    t.match(rows, expected);
    t.equal(rows.length, 8);
  },
);

t.test("002-06 the sequence has its nine steps in their order", async (t) => {
  const lines = evidence.section("Cutover Sequence").match(/^[0-9]+\. .*$/gm) ?? [];
  t.match(lines, [
    /^1\. Bootstrap .*\.env\.prod/,
    /^2\. Transfer module source .*`rsync/,
    /^3\. Build 3 images on the remote host \(commit [0-9a-f]{7}\)/,
    /^4\. Stop old files-api .*`cd ~\/artwork-module && docker compose down` on docker-host/,
    /^5\. Stop old quote-page .*`cd ~\/quote-page && docker compose down` on docker-host/,
    /^6\. Deploy unified compose .*docker-compose\.prod\.yml --env-file \.env\.prod up -d/,
    /^7\. Wait for healthchecks .*10s/,
    /^8\. Apply database migration .*ADD COLUMN metadata jsonb DEFAULT NULL/,
    /^9\. Verify end-to-end intake/,
  ]);
  t.equal(lines.length, 9);
});

t.test("002-07 the column is added once", async (t) => {
  t.equal(played.effects.filter((line) => line.includes("sql add")).length, 1);
  t.equal(only(records, "step.intent").filter(({ step }) => step === "migrate").length, 1);
});

t.test("002-09 the post-cutover matrix has the nine rows of the document, with what was found", async (t) => {
  const rows = evidence.section("Post-Cutover Verification Matrix").split("\n").slice(4);
  t.match(rows, [
    /^\| files-api health \| `GET .*\/health` \| PASS: HTTP 200, status=ok, db=ok, minio=ok \|/,
    /^\| order-intake health \| .* \| PASS: HTTP 200, status=ok, artwork\\_api=ok \|/,
    /^\| quote-page health \| .* \| PASS: HTTP 200, status=ok, minio=ok, files\\_api=ok \|/,
    /^\| Container status \| `docker ps .*\| PASS/,
    /^\| Contract validation \| `POST .*\/intake\/validate` \| PASS: HTTP 200, valid=true \|/,
    /^\| Negative validation \| `POST .*\/intake\/validate` \| PASS: HTTP 422, valid=false \|/,
    /^\| End-to-end intake \| `POST .*\/intake` \| PASS: HTTP 201, seed\\_id=seed-[0-9]+, has\\_line\\_item=true \|/,
    /^\| Seed in artwork \| `GET .*\/seeds\/seed-[0-9]+` \| PASS: HTTP 200, id=seed-[0-9]+, metadata=/,
    /^\| Smoke script \| `scripts\/staging-integration-smoke\.sh` \| PASS: 6\/6 passed \(2 skipped: /,
  ]);
  t.equal(rows.length, 9);
});

t.test("002-10 POST checks have bodies, and the seed of one answer is read by its id", async (t) => {
  const seed = evidence.receipts("e2e")[0]?.saved["seed_id"] ?? "none";
  t.match(evidence.receipts("e2e-read"), [{ text: new RegExp(`^GET .*/seeds/${seed}$`), verdict: "PASS" }]);
  t.ok(played.effects.includes("docker-host: seed made"));
  t.match(evidence.expected("e2e-read").join("\n"), /json \/metadata/);
});

t.test("002-02 downtime is measured from the first stop until all health checks pass", async (t) => {
  const change = evidence.section("Change Description");
  t.match(change, /\| Downtime window \| \\~2 min .*\n\| Actual downtime \| 1[0-9](\.[0-9])? s \|/);
});

t.test("002-04 the rollback map names service, way back and source, with order-intake and the database", async (t) => {
  const rows = evidence.section("Rollback Map");
  t.match(
    rows,
    /^\| files-api \| `cd ~\/artwork-module && docker compose up -d` on docker-host \| Old per-module compose \|/m,
  );
  t.match(
    rows,
    /^\| quote-page \| `cd ~\/quote-page && docker compose up -d` on docker-host \| Old per-module compose \|/m,
  );
  t.match(
    rows,
    /^\| order-intake \| `.*docker-compose\.prod\.yml down` on docker-host.*\| Remove \(new service, no prior state\)/m,
  );
  t.match(
    rows,
    /^\| Database \| `ALTER TABLE artwork_seeds DROP COLUMN metadata;`, asks operator.* \| Reverse migration \|/m,
  );
});

t.test("002-12 digests are whole, with their kind", async (t) => {
  const rows = evidence.section("Image Digests").split("\n").slice(2);
  t.equal(rows.length, 3);
  for (const row of rows)
    t.match(row, /^\| [a-z-]+ \| `mint-modules\/[a-z-]+:[0-9a-f]{7}` \| `sha256:[0-9a-f]{64}` \| image id \|$/);
});

t.test("002-13 the migration section holds the SQL as it can be run, and the note on compatibility", async (t) => {
  t.match(
    evidence.section("Database Migration"),
    /^```sql\nALTER TABLE artwork_seeds ADD COLUMN metadata jsonb DEFAULT NULL;\n```\n/,
  );
  t.match(evidence.section("Database Migration"), /Non-breaking: existing rows get NULL/);
});

t.test("G10 002-11 the sign-off names role, person, date and what was said", async (t) => {
  t.match(
    evidence.section("Sign-Off"),
    /^\| operator \| @ronny \| [0-9-]{10} \| done on signed-off: Cutover successful \(record [0-9]+, head [0-9a-f]{16}\) \|$/m,
  );
});

t.test("002-01 002-03 002-08 change, addresses and LAN-only devices are in the pack", async (t) => {
  for (const field of ["Change ID", "Date", "Owner", "What", "Why", "Downtime window", "Rollback strategy"]) {
    t.match(evidence.section("Change Description"), new RegExp(`^\\| ${field} \\| .{3}`, "m"), field);
  }
  t.match(
    evidence.section("IP Map"),
    /^Software-only cutover - no IP changes\.\n\n\| Service \| Host \| IP \| Port \| Change \|/,
  );
  t.equal(evidence.section("IP Map").split("\n").length, 7);
  t.match(evidence.section("LAN-Only Devices"), /^No LAN-only device changes\./);
});
