import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { isWaiting, putRequest, readRequests, removeRequest } from "../../../tools/migration/cutover/journal/inbox.ts";
import { createMask } from "../../../tools/migration/cutover/journal/mask.ts";
import { digestOutput } from "../../../tools/migration/cutover/journal/output-digest.ts";
import { createRunDirectory, networkFolder } from "../../../tools/migration/cutover/journal/run-directory.ts";
import { sha256Hex } from "../../../tools/migration/integrity/digest.ts";

let now = 0;
const clock = {
  monoMs: () => 5,
  wall: () => new Date(now),
  sleep: async () => {},
  during: <T>(work: Promise<T>) => work,
};

t.test("requests come in the order of time, whole, and leave when they were taken", async (t) => {
  const run = createRunDirectory(t.testdir(), "r1");
  now = 2000;
  const late = putRequest(run, clock, { command: "hold", body: { reason: "b" } });
  now = 1000;
  const early = putRequest(run, clock, { command: "sign", body: { role: "a" } });
  writeFileSync(join(run.inbox, ".half.json.tmp-1-0"), "{");
  writeFileSync(join(run.inbox, "19700101T000000000Z-x-1-0.json"), "not a request");
  t.strictSame(
    readRequests(run).map(({ id, command, body }) => ({ id, command, body })),
    [
      { id: early, command: "sign", body: { role: "a" } },
      { id: late, command: "hold", body: { reason: "b" } },
    ],
  );
  t.ok(isWaiting(run, early));
  removeRequest(run, early);
  removeRequest(run, early);
  t.notOk(isWaiting(run, early));
  t.equal(readRequests(run).length, 1);
});

t.test("F100 the digest of an output is of the bytes without secrets", async (t) => {
  const run = createRunDirectory(t.testdir(), "r1");
  const mask = createMask(new Map([["KEY", "sécret-value"]]));
  const raw = Buffer.concat([Buffer.from([0xff, 0]), Buffer.from("a sécret-value b\n")]);
  writeFileSync(join(run.steps, "out"), raw);
  const { digest, bytes } = digestOutput(run, "steps/out", { mask, truncated: false });
  const expected = Buffer.concat([Buffer.from([0xff, 0]), Buffer.from("a [secret KEY] b\n")]);
  t.strictSame(bytes, expected);
  t.strictSame(digest, {
    file: "steps/out.masked",
    sha256: sha256Hex(expected),
    sizeBytes: expected.length,
    truncated: false,
    masked: true,
  });
  writeFileSync(join(run.steps, "clean"), raw.subarray(0, 2));
  t.match(digestOutput(run, "steps/clean", { mask, truncated: true }).digest, {
    file: "steps/clean",
    masked: false,
    truncated: true,
  });
});

t.test("F100 short values are not masked, the longest first, and empty lists mask nothing", async (t) => {
  const mask = createMask(
    new Map([
      ["PIN", "12345"],
      ["SHORT", "abcdef"],
      ["LONG", "abcdef-ghijkl"],
    ]),
  );
  t.equal(mask.text("12345 abcdef abcdef-ghijkl"), "12345 [secret SHORT] [secret LONG]");
  t.strictSame(mask.value({ abcdef: ["x abcdef", 1, null, true, { k: "\ud800" }] }), {
    "[secret SHORT]": ["x [secret SHORT]", 1, null, true, { k: "\ufffd" }],
  });
  for (const pad of ["", "u", "us", "usr:"]) {
    const text = `Basic ${Buffer.from(`${pad}abcdef-ghijkl`).toString("base64")}`;
    t.match(mask.text(text), /\[secret LONG\]/, `base64 after ${pad.length} bytes`);
  }
});

t.test("F79 a local folder is not taken for one of a network", async (t) => {
  t.equal(networkFolder(t.testdir()), undefined);
  t.equal(networkFolder("/proc"), undefined);
});
