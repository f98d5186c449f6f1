import t from "tap";
import { lintPlanText } from "../../../tools/migration/cutover/plan/load-plan.ts";
import { demoPlan } from "../../helpers/cutover.ts";

const EDIT = "{id: edit, sh: ./edit, writes: [a.conf, b.conf], undo: {restore: [a.conf, b.conf]}}";

function said(step = EDIT, phase = "", top = ""): string {
  const text = demoPlan(`hosts: {far: far.example}\nphases:\n- id: work\n  steps:\n  - ${step}\n${phase}${top}`);
  return lintPlanText(text)
    .book.messages.map(({ severity, line, text: words }) => `${severity} ${line} ${words}`)
    .join("\n");
}

t.test("files that a step writes and its undo restores are no fault, on a host neither", async (t) => {
  t.equal(said(), "");
  t.equal(said(EDIT.replace("sh:", "on: far, sh:")), "");
  t.equal(said("{id: a, manual: edit it, on: far, by: operator, writes: [a], undo: {restore: [a]}}"), "");
  const many = "{id: a, sh: ./edit, writes: [a, b], undo: [{restore: [b]}, {sh: ./reload}, {restore: [a]}]}";
  t.equal(said(many), "", "the actions of an undo together");
});

t.test("what is restored must have been kept", async (t) => {
  t.match(
    said(EDIT.replace("writes: [a.conf, b", "writes: [b")),
    /^error 9 restores a\.conf: edit does not name it under `writes`$/,
  );
  t.match(
    said(EDIT.replace("writes: [a.conf, b.conf], ", "")),
    /^error 9 restores a\.conf: edit does not.*\nerror 9 restores b/,
  );
  t.match(
    said("{id: a, sh: ./edit, undo: [{sh: ./reload}, {restore: [a]}]}"),
    /^error 9 restores a: a does not name it/,
    "in a list too",
  );
  const only = /only the undo of a step can restore what it wrote/;
  t.match(
    said(EDIT, "  undo: [{restore: [a.conf], was: up}]\n"),
    /^error 10 restores a\.conf: only the undo of a step/m,
  );
  for (const kind of ["fenced", "captured"]) {
    t.match(said(EDIT, "", `writes: {${kind}: {restore: [a.conf]}}\n`), only, kind);
  }
  t.notMatch(said(EDIT, "", "writes: {fenced: {sh: ./fence}}\n"), only);
});

t.test("what is kept and never restored is a warning for each such file", async (t) => {
  t.equal(
    said(EDIT.replace("restore: [a.conf, b", "restore: [b")),
    "warning 9 keeps a.conf, and no undo of it restores that file",
  );
  const none = EDIT.replace("{restore: [a.conf, b.conf]}", "{none: it is only a mark}");
  t.match(said(none), /^warning 9 keeps a\.conf,.*\nwarning 9 keeps b\.conf,/);
});

t.test("a flip goes back by itself", async (t) => {
  const flip = "{id: a, flip: {file: a.json, key: /b, to: c}, writes: [a.json], undo: {restore: [a.json]}}";
  t.match(said(flip, "", "writes: none\n"), /^error 9 a flip goes back by itself: it needs no `writes`$/);
});

t.test("to restore is the act of an undo, on the host of its step, and of named files", async (t) => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["{id: a, restore: [a], undo: {none: a mark}}", /error 9 unknown key restore/],
    ["{id: a, wait: 1s, done_if: {restore: [a]}}", /error 9 unknown key restore/],
    ["{id: a, sh: x, writes: [a], undo: {sh: y, else: [{restore: [a]}]}}", /error 9 unknown key restore/],
    [EDIT.replace("{restore:", "{on: far, restore:"), /error 9 expected `on` only beside probe or sh/],
    ["{id: a, manual: b, on: far, by: operator}", /error 9 expected `on` only beside probe or sh/],
    [EDIT.replace("[a.conf, b.conf], undo", "[], undo"), /error 9 expected/],
    [EDIT.replace("[a.conf, b.conf]}", "[]}"), /error 9 expected/],
    [EDIT.replace("[a.conf, b.conf], undo", "[a.conf, a.conf], undo"), /error 9 expected/],
    [EDIT.replace("{restore:", "{sh: x, restore:"), /error 9 expected/],
    [EDIT.replaceAll("a.conf", "'${nobody}.conf'"), /error 9 \$\{nobody\} has no value here/],
    [EDIT.replace("writes: [a.conf", "writes: ['${nobody}', a.conf"), /error 9 \$\{nobody\} has no value here/],
    [EDIT.replaceAll("a.conf", "GAP-OP-XXX"), /error 9 the placeholder XXX/],
  ];
  for (const [step, expected] of cases) t.match(said(step), expected, step);
  t.match(said("{id: a, wait: 1s}", "checks:\n  c: {restore: [a]}\n"), /error 11 unknown key restore/);
  t.match(said("{id: a, wait: 1s}", "checks:\n  c: {see: [a], writes: [a]}\n"), /error 11 unknown key writes/);
  t.match(said("{id: a, sh: x, undo: {sh: y, writes: [a]}}"), /error 9 unknown key writes/);
});

t.test("a check that nothing asks is told", async (t) => {
  const check = "checks:\n  lost: {see: [a]}\n";
  const lost = "warning 11 nothing of the plan asks this check";
  t.equal(said(EDIT, "", check), lost);
  const more: readonly (readonly [string, string])[] = [
    ["  checkpoint: [lost]\n", ""],
    ["  - use: lost\n", ""],
    ["  undo: [{sh: x, was: lost}]\n", ""],
    ["  undo: [{see: [b], needs: [lost]}]\n", ""],
    ["  undo: [{see: [b], loses: lost, last: true, by: operator}]\n", ""],
    ["", "sets: {all: [lost]}\n"],
    ["", "stop:\n- {id: s, use: lost, then: hold}\n"],
    ["", "gates:\n  G: {by: operator, fresh: 1h, pass: [{use: lost}]}\n"],
    ["", "timeline:\n- {at: T0, by: operator, phase: work, checks: [lost]}\n"],
    ["", "baseline: {after: work, of: [lost]}\n"],
    ["", "control: lost\n"],
    ["", "restored: [lost]\n"],
    ["", "done: [lost]\n"],
    ["", "pack: {digests: lost}\n"],
  ];
  for (const [phase, top] of more) t.notMatch(said(EDIT, phase, `${check}${top}`), /nothing of the plan/, phase + top);
  const undo = EDIT.replace("undo: {restore: [a.conf, b.conf]", "undo: {restore: [a.conf, b.conf], needs: [lost]");
  t.equal(said(undo, "", check), "");
});
