import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { createProgress } from "../../tools/migration/printers/progress.ts";
import { CLI, candor } from "../helpers/cli-project.ts";
import { smallProject } from "../helpers/small-project.ts";

const CLEAR = "\r\u001b[2K";
const hasScript = spawnSync("script", ["--version"]).status === 0;

/** A stream that keeps what is written, and a clock that a test moves. */
function screen(isTTY: boolean): {
  stream: NodeJS.WriteStream;
  written: string[];
  clock: () => Date;
  wait: (ms: number) => void;
} {
  const written: string[] = [];
  let now = 0;
  const stream = { isTTY, write: (text: string) => written.push(text) > 0 } as unknown as NodeJS.WriteStream;
  const wait = (ms: number): void => {
    now += ms;
  };
  return { stream, written, clock: () => new Date(now), wait };
}

/** A small project with registries as the tool writes them, frozen, and a candidate. */
function migratedProject(t: Test): string {
  const root = smallProject(t);
  rmSync(join(root, "migration/mapping"), { recursive: true });
  for (const args of [
    ["registry", "generate"],
    ["registry", "freeze"],
    ["migrate", "--quiet"],
  ]) {
    t.equal(candor(root, args).code, 0, args.join(" "));
  }
  return root;
}

t.test("a terminal shows count, total, rate and the time that is left", async (t) => {
  const { stream, written, clock, wait } = screen(true);
  const progress = createProgress(stream, false, clock);
  progress.stage("scan dogs", 1000);
  wait(500);
  progress.advance(100);
  wait(50);
  progress.advance(100);
  wait(1450);
  progress.advance(300);
  wait(1000);
  progress.advance(500);
  progress.end();
  t.strictSame(written, [
    `${CLEAR}scan dogs`,
    `${CLEAR}scan dogs: 100 of 1000 (200/s, 5 s left)`,
    `${CLEAR}scan dogs: 500 of 1000 (250/s, 2 s left)`,
    `${CLEAR}scan dogs: 1000 of 1000 (333/s, 0 s left)`,
    CLEAR,
  ]);
});

t.test("without a total there is a rate alone", async (t) => {
  const { stream, written, clock, wait } = screen(true);
  const progress = createProgress(stream, false, clock);
  progress.stage("read dogs");
  wait(1000);
  progress.advance(70);
  t.equal(written.at(-1), `${CLEAR}read dogs: 70 (70/s)`);
});

t.test("a pipe gets one plain line per stage", async (t) => {
  const root = migratedProject(t);
  t.equal(candor(root, ["scan-all"]).stderr, "scan people: 2\nscan dogs: 1\n");
  t.equal(candor(root, ["verify-checksums"]).stderr, "scan dogs: 1\nscan people: 2\n");
  t.equal(candor(root, ["verify-checksums", "--level", "scrub"]).stderr, "scan dogs: 1\nscan people: 2\n");
  t.equal(candor(root, ["verify-checksums", "--level", "quick"]).stderr, "scan dogs\nscan people\n");
  rmSync(join(root, "migration/mapping/registry.lock.json"));
  const again = "scan people again: 2\nscan dogs again: 1\n";
  t.equal(candor(root, ["scan-all"]).stderr, `scan people: 2\nscan dogs: 1\n${again}`, "what is read twice says so");
});

t.test(
  "a terminal gets one line that changes",
  { skip: hasScript ? false : "needs script of util-linux" },
  async (t) => {
    const root = migratedProject(t);
    const command = `'${process.execPath}' '${CLI}' scan-all --root '${root}'`;
    const { stdout, status } = spawnSync("script", ["-qec", command, join(root, "typescript")], { encoding: "utf8" });
    t.equal(status, 0, stdout);
    const before = stdout.slice(0, stdout.indexOf("scan-all:"));
    t.ok(before.startsWith(`${CLEAR}scan people`), JSON.stringify(before));
    t.ok(before.includes(`${CLEAR}scan dogs`));
    t.ok(before.endsWith(CLEAR), "the line is gone before the verdict");
    t.notOk(before.includes("\n"), "it is one line");
  },
);
