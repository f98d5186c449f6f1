import t from "tap";
import { lintPlanText } from "../../../tools/migration/cutover/plan/load-plan.ts";
import { demoPlan } from "../../helpers/cutover.ts";

/** A plan without a fault, to put one into. */
const GOOD = demoPlan(`vars: {log: effects, mods: [a, b]}
checks:
  ok: {probe: 'cat \${log}', out: one}
gates:
  G1: {by: operator, fresh: 60m, pass: [{use: ok}]}
phases:
- id: first
  steps:
  - {id: one, sh: 'echo one >> \${log}', undo: {sh: 'echo undo >> \${log}'}}
  checkpoint: [ok]
stop:
- {id: bad, use: ok, every: 1s, bad_for: 60s, then: rollback}
`);

function said(text: string): readonly string[] {
  return lintPlanText(text).book.messages.map(({ severity, line, text: words }) => `${severity} ${line} ${words}`);
}

t.test("a plan without a fault has no message", async (t) => t.strictSame(said(GOOD), []));

const FAULTS: readonly (readonly [name: string, from: string, to: string, expected: RegExp])[] = [
  ["a key twice", "owner: ana", "owner: ana\nowner: bea", /error 4 YAML: Map keys must be unique/],
  ["a tag", "id: DEMO", "id: !!str DEMO", /error 2 tags are not allowed/],
  ["an anchor", "owner: ana", "owner: &a ana", /anchors are not allowed/],
  ["a merge key", "vars: {log", "vars: {<<: {x: y}, log", /merge keys are not allowed/],
  ["an unknown key", "owner: ana", "owner: ana\ncolour: red", /error 4 unknown key colour/],
  [
    "two verbs",
    "probe: 'cat ${log}', out: one",
    "probe: 'cat ${log}', http: 'http://x', out: one",
    /error 7 expected exactly one of probe, http/,
  ],
  ["a mutating verb in a check", "ok: {probe:", "ok: {sh:", /error 7 sh changes things, and nothing here may/],
  ["a mutating verb in a gate", "pass: [{use: ok}]", "pass: [{sh: 'rm -rf x'}]", /error 9 sh changes things/],
  [
    "a POST in a check that does not say that it reads",
    "out: one}",
    "out: one}\n  p: {http: {url: 'http://x', method: POST}, json: {/a: 1}}",
    /read: true/,
  ],
  ["a stop with two probes", "use: ok, every", "use: ok, manual: x, every", /exactly one of use, probe, http, manual/],
  ["a stop without one", "use: ok, every", "every", /exactly one of use, probe, http, manual/],
  [
    "a check that is not there",
    "checkpoint: [ok]",
    "checkpoint: [okay]",
    /error 11 there is no check or set named okay/,
  ],
  ["a role that is not there", "G1: {by: operator", "G1: {by: nobody", /no role named nobody/],
  [
    "a host that is not there",
    "sh: 'echo one >> ${log}', undo",
    "on: moon, sh: 'echo one >> ${log}', undo",
    /no host named moon/,
  ],
  ["a name without a value", "cat ${log}", "cat ${logg}", /\$\{logg\} has no value here/],
  ["a list without each", "cat ${log}", "cat ${mods}", /is a list/],
  [
    "an angle placeholder",
    "echo one >> ${log}', undo",
    "echo <release-operator>', undo",
    /placeholder <release-operator>/,
  ],
  [
    "a port that was never filled in",
    "out: one}",
    "out: one}\n  p: {http: 'http://1.2.3.4:PAYMENT_PORT/health', json: {/a: 1}}",
    /placeholder :PAYMENT_PORT/,
  ],
  ["an id that was never filled in", "echo one >> ${log}', undo", "claim --id GAP-OP-XXX', undo", /placeholder XXX/],
  ["a regex of another language", "out: one}", "out: '(?i)one'}", /Invalid regular expression/],
  [
    "a step without a way back (G04)",
    ", undo: {sh: 'echo undo >> ${log}'}",
    "",
    /error 13 changes things and has no undo/,
  ],
  [
    "a secret in the text (F101)",
    "echo one >> ${log}', undo",
    "curl --fail -d password=hunter2', undo",
    /looks like a secret/,
  ],
  [
    "a flip without a word on writes",
    "sh: 'echo one >> ${log}', undo: {sh: 'echo undo >> ${log}'}",
    "flip: {file: a.json, key: /b, to: c}",
    /say under `writes`/,
  ],
  [
    "an undo that loses data and names nobody",
    "undo: {sh: 'echo undo",
    "undo: {last: true, sh: 'echo undo",
    /name with `by` who must agree/,
  ],
  [
    "an undo that needs a check that is not there",
    "undo: {sh: 'echo undo",
    "undo: {needs: [nil], sh: 'echo undo",
    /error 13 there is no check or set named nil/,
  ],
  [
    "a loss that nobody must agree to",
    "undo: {sh: 'echo undo",
    "undo: {loses: ok, sh: 'echo undo",
    /error 13 `loses` counts/,
  ],
  [
    "a row count that a client command cannot be asked for",
    "out: one}",
    "out: one}\n  n: {db: shop, sql: SELECT 1, read: true, rows: 1, out: '1'}\ndbs: {shop: psql}",
    /error 8 rows are counted inside of a transaction of this tool/,
  ],
  [
    "a row count of a statement that commits itself",
    "sh: 'echo one >> ${log}', undo",
    "db: shop, sql: '/* a */ ALTER TABLE a ADD b int', rows: 1, undo",
    /error 13 rows cannot be asked before the commit/,
  ],
  [
    "a statement that ends the transaction it runs in",
    "sh: 'echo one >> ${log}', undo",
    "db: shop, sql: 'COMMIT', undo",
    /error 13 begins or ends a transaction/,
  ],
  ["a row count without a statement", "out: one}", "out: one, rows: 1}", /error 7 expected/],
  [
    "a related document whose commands are not run (X07)",
    "owner: ana",
    "owner: ana\nrelated: [ops/contract.yaml]",
    /notice 1 ops\/contract\.yaml is not run: this plan is the authority/,
  ],
  ["only what must not be there", "out: one}", "not: FAIL}", /warning 7 only says what must not be there/],
  ["only the exit code (G12)", ", out: one}", "}", /warning 7 only the exit code/],
  [
    "only the status, which an old instance has too (F33, F34)",
    "probe: 'cat ${log}', out: one",
    "http: 'http://x/'",
    /warning 7 only the status/,
  ],
  ["a pace that cannot keep its promise", "every: 1s", "every: 5s", /warning 16 every 5s is coarse/],
  ["a gate without fresh", ", fresh: 60m", "", /warning 9 says nothing of `fresh`/],
  ["curl without --fail", "cat ${log}", "curl -s http://x", /curl exits 0 on HTTP 500/],
  ["grep of alternatives", "cat ${log}", "docker ps | grep -E x|y", /grep of alternatives/],
];

for (const [name, from, to, expected] of FAULTS) {
  t.test(`lint tells ${name}`, async (t) => {
    t.ok(GOOD.includes(from), "the fault is put in");
    const hasDatabase = to.includes("db: shop") && !to.includes("dbs:");
    const plan = hasDatabase ? `${GOOD}dbs: {shop: {kind: mysql, env: SHOP_URL}}\n` : GOOD;
    t.match(said(plan.replace(from, to)).join("\n"), expected);
  });
}

t.test("all problems are told together, in the order of their lines", async (t) => {
  const text = GOOD.replace("cat ${log}", "cat ${logg}")
    .replace("checkpoint: [ok]", "checkpoint: [okay]")
    .replace("by: operator", "by: nobody");
  const lines = lintPlanText(text).book.messages.map(({ line }) => line);
  t.equal(lines.length, 3);
  t.strictSame(
    lines,
    lines.toSorted((a, b) => a - b),
  );
});

t.test("a number of a variable stays as it is written", async (t) => {
  const { plan } = lintPlanText(GOOD.replace("log: effects", "log: 0012e3"));
  t.equal(plan?.vars.get("log")?.value, "0012e3");
});
