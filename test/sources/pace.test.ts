import { Worker } from "node:worker_threads";
import t from "tap";
import { openSource } from "../../tools/migration/sources/open-source.ts";
import { paced } from "../../tools/migration/sources/pace.ts";
import { recordsIn, recordsOfSource } from "../helpers/read-source.ts";

const lines = Array.from({ length: 300 }, (_, at) => `{"n":${at}}\n`).join("");

t.test("a source that is limited gives its rows no faster, whoever reads them", async (t) => {
  const source = paced(await openSource({ kind: "jsonl", path: "." }, t.testdir({ "c.jsonl": lines }), ["c"]), 500);
  t.teardown(() => source.close());
  const begin = performance.now();
  t.equal((await recordsOfSource(source, "c")).length, 300);
  const parts = await source.ranges("c", 3);
  const counts = await Promise.all(parts.map(async (part) => (await recordsIn([part])).length));
  t.equal(
    counts.reduce((sum, count) => sum + count),
    300,
  );
  // 600 rows at 500 a second; the last of them wait for those before, not for themselves.
  t.ok(performance.now() - begin > 900, `${performance.now() - begin}`);
});

t.test("threads keep to one pace together", async (t) => {
  const url = new URL("../../tools/migration/sources/pace-clock.js", import.meta.url).href;
  const pace = new SharedArrayBuffer(16);
  new Float64Array(pace)[1] = 100;
  const code = `import(${JSON.stringify(url)}).then(async ({ keepPace }) => {
    for (let at = 0; at < 10; at += 1) await keepPace(require("node:worker_threads").workerData, 3);
  })`;
  const begin = performance.now();
  const workers = [0, 1].map(() => new Worker(code, { eval: true, workerData: pace }));
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.on("exit", resolve))));
  t.ok(performance.now() - begin > 500, "60 rows at 100 a second");
});
