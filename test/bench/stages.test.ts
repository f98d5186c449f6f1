import { readdirSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { STAGES, type Stage, stageOf } from "../../bench/measure/stages.ts";

const PROGRAM = "tools/migration";

t.test("every module of the hot path works for a stage, and every stage has its modules", (t) => {
  const seen = new Set<Stage>(["garbage"]);
  for (const folder of ["ranges", "compiled", "mapping", "sources", "stores", "files", "registry", "checks"]) {
    for (const file of readdirSync(join(PROGRAM, folder))) {
      const stage = stageOf(`${folder}/${file.replace(/\.ts$/, ".js")}`);
      if (stage !== undefined) seen.add(stage);
      else if (folder !== "ranges") t.fail(`${folder}/${file} has no stage`);
    }
  }
  seen.add(stageOf("main.js") ?? "garbage");
  t.strictSame(
    [...STAGES].filter((stage) => !seen.has(stage)),
    [],
  );
  t.equal(stageOf("ranges/tree-batch.js"), "tree");
  t.equal(stageOf("operations/fast-scan.js"), undefined, "what only calls others has none of its own");
  t.end();
});
