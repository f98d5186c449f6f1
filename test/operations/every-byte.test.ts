import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { generateProject } from "../../bench/generate/project.ts";
import { modulesOf, type Shape } from "../../bench/generate/shapes.ts";
import { loadProject } from "../../tools/migration/config/project.ts";
import { fastScan } from "../../tools/migration/operations/fast-scan.ts";
import { PauseControl } from "../../tools/migration/operations/pause-control.ts";
import { Report } from "../../tools/migration/operations/report.ts";
import { ALL_CHECKS, VERIFY_CHECKS } from "../../tools/migration/operations/scan-levels.ts";
import { tuned } from "../../tools/migration/operations/tuning.ts";
import { CUT, SEQUENTIAL, saidBy, watched } from "../helpers/both-ways.ts";
import { contextOf } from "../helpers/operations.ts";
import { rehash } from "../helpers/rehash.ts";

/** A project whose candidate no tool wrote, and the candidate's folder. */
function generate(root: string, shape: Shape, size: number): string {
  const candidate = join(root, "storage_candidate/v1");
  generateProject(root, { modules: modulesOf(shape, size), source: "sqlite" });
  cpSync(join(root, "generated/v1"), candidate, { recursive: true });
  return candidate;
}

/** Runs the fast path of a scan alone; false where it gives up. */
function fastScanOf(root: string, command: "verify-checksums" | "scan-all"): () => Promise<boolean> {
  const context = contextOf(root);
  const isDeep = command === "scan-all";
  const checks = isDeep ? ALL_CHECKS : VERIFY_CHECKS;
  const input = join(root, "storage_candidate/v1");
  const project = isDeep ? loadProject(root) : undefined;
  const binding = { command, level: "verify", input, rangeBytes: 1, project } as const;
  const options = {
    input,
    project,
    checks,
    pause: new PauseControl(context, { pause: undefined, smallBytes: 0, binding, goOn: "" }),
    level: isDeep ? "deep" : "verify",
    workers: 1,
    tuning: tuned({ rangeBytes: 1, spanBytes: 300 }),
    openReport: () => new Report(context, { command, runId: "run-test", waivers: [], checks }),
  };
  return async () => (await fastScan(context, options)).outcome !== undefined;
}

/** Another value for the byte at `at`, by turns: one bit off, or one that means something in JSON, hex or UTF-8. */
function otherOf(byte: number, at: number): number {
  const special = [0x0a, 0x20, 0x22, 0x30, 0x5c, 0x7d, 0x80, byte ^ 0x20, 0x65, 0xff, 0x0d][(at >> 1) % 11] ?? byte;
  return at % 2 === 0 || special === byte ? byte ^ 1 : special;
}

/** Puts another value into each byte of `path` (each one in `step`) while `look` looks at it, and the byte back. */
async function changeEach(path: string, step: number, look: (what: string) => Promise<void>): Promise<number> {
  const bytes = readFileSync(path);
  let changes = 0;
  for (let at = 0; at < bytes.length; at += step) {
    const changed = Buffer.from(bytes);
    changed[at] = otherOf(bytes[at] ?? 0, at);
    writeFileSync(path, changed);
    await look(`byte ${at} of ${path.slice(-24)} as ${changed[at]}`);
    changes += 1;
  }
  writeFileSync(path, bytes);
  return changes;
}

t.test("any change of one byte is the authority's to word, or does not matter to it either", async (t) => {
  const root = t.testdir();
  const candidate = generate(root, "small", 8);
  const files = ["checksums/run.json"];
  for (const module of ["kunden", "hunde"]) {
    files.push(`${module}/data.jsonl`);
    for (const name of ["entities.jsonl", "chunks.jsonl", "merkle.json"]) files.push(`${module}/checksums/${name}`);
  }
  const scans = [fastScanOf(root, "verify-checksums"), fastScanOf(root, "scan-all")] as const;
  for (const scan of scans) t.equal(await scan(), true, "the fast path accepts what is sound");
  let changes = 0;
  let turn = 0;
  const accepted: string[] = [];
  for (const file of files) {
    changes += await changeEach(join(candidate, file), 1, async (what) => {
      // What verify-checksums refuses, scan-all refuses too: now and then both are asked.
      const [verify, scanAll] = scans;
      turn += 1;
      if (!(await verify()) && (turn % 8 > 0 || !(await scanAll()))) return;
      accepted.push(what);
      for (const command of ["verify-checksums", "scan-all"] as const) {
        t.strictSame(await saidBy(root, command, CUT), await saidBy(root, command, SEQUENTIAL), what);
      }
    });
  }
  t.ok(changes > 3000, `${changes} changes`);
  t.ok(accepted.length > 0);
  t.strictSame(
    accepted.filter((what) => !what.includes("run.json")),
    [],
    "only the run id is bound by nothing",
  );
});

t.test("an entity with any byte changed and new digests is judged the same both ways", async (t) => {
  const root = t.testdir();
  const candidate = generate(root, "wide", 6);
  let fast = 0;
  for (const module of ["kunden", "kurse"]) {
    await changeEach(join(candidate, module, "data.jsonl"), 29, async (what) => {
      try {
        rehash(candidate);
      } catch {
        return;
      }
      const { said, isFast } = await watched(root, "scan-all", CUT);
      if (isFast) fast += 1;
      const expected = await saidBy(root, "scan-all", SEQUENTIAL);
      if (JSON.stringify(said) !== JSON.stringify(expected)) t.strictSame(said, expected, what);
    });
    rehash(candidate);
  }
  t.ok(fast > 40, `${fast} of them were faults of one entity, told on the fast path`);
});
