import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import t from "tap";
import { codeFile, loadProgram } from "../tools/migration/load-program.ts";

const PROGRAM = resolve("build/program/main.js");

t.test("the code that the build keeps is taken by this Node", async (t) => {
  const { script, exports } = loadProgram(PROGRAM);
  t.equal(script.cachedDataRejected, false);
  t.type((exports as { run: unknown }).run, "function");
});

t.test("no path of the build is in the kept code", async (t) => {
  t.equal(readFileSync(codeFile(PROGRAM)).includes(process.cwd()), false);
});

t.test("code that is gone, torn, changed by one bit or of another source is left alone", async (t) => {
  const dir = installed(t.testdir());
  const code = codeFile(join(dir, "build/program/main.js"));
  const kept = readFileSync(code);
  const changed = Buffer.from(kept);
  const middle = Math.floor(kept.length / 2);
  changed[middle] = (changed[middle] ?? 0) ^ 0x10;
  const bad = new Map<string, Buffer>([
    ["torn", kept.subarray(0, middle)],
    ["empty", Buffer.alloc(0)],
    ["of one bit changed", changed],
  ]);
  for (const [what, bytes] of bad) {
    writeFileSync(code, bytes);
    t.equal(isTaken(dir), "undefined", what);
    t.equal(help(dir).status, 0, `${what}: the program runs`);
  }
  writeFileSync(code, kept);
  t.equal(isTaken(dir), "false", "what was kept is taken in another folder too");
  // As long as before: V8 itself would take the old code for it.
  const program = join(dir, "build/program/main.js");
  const source = readFileSync(program, "utf8");
  writeFileSync(program, source.replace("nothing to wait for", "nothing to wait 4me"));
  t.equal(isTaken(dir), "undefined", "of another source");
  rmSync(code);
  t.equal(help(dir).status, 0, "gone: the program runs");
});

t.test("Node with other flags makes its own code", async (t) => {
  const dir = installed(t.testdir());
  const { status, stdout } = help(dir, "--no-opt");
  t.equal(status, 0);
  t.match(stdout, "Usage: ");
  t.equal(isTaken(dir, "--no-opt"), "true", "refused by V8");
});

/** The program as a package has it. */
function installed(dir: string): string {
  for (const part of ["build/program", "tools/migration/cli.js", "package.json"]) {
    cpSync(part, join(dir, part), { recursive: true });
  }
  symlinkSync(resolve("node_modules"), join(dir, "node_modules"));
  return dir;
}

function help(dir: string, ...flags: readonly string[]): { readonly status: number | null; readonly stdout: string } {
  return spawnSync(process.execPath, [...flags, join(dir, "tools/migration/cli.js"), "--help"], { encoding: "utf8" });
}

/** Whether V8 refused the code, as it says it; undefined where it was given none. */
function isTaken(dir: string, ...flags: readonly string[]): string {
  const program = join(dir, "build/program");
  const text = `const { loadProgram } = require(${JSON.stringify(join(program, "load-program.js"))});
console.log(String(loadProgram(${JSON.stringify(join(program, "main.js"))}).script.cachedDataRejected));`;
  return spawnSync(process.execPath, [...flags, "-e", text], { encoding: "utf8" }).stdout.trim();
}
