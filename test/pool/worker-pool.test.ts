import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import t, { type Test } from "tap";
import { MigrationError } from "../../tools/migration/model/errors.ts";
import { type PoolOptions, WorkerPool } from "../../tools/migration/pool/worker-pool.ts";
import { type Answer, createStepHandler, type Step, type StepSetup } from "../fixtures/pool/handler.ts";
import { until } from "../helpers/cli-project.ts";

const ENTRY = pathToFileURL(join(process.cwd(), "build/test/fixtures/pool/worker.js"));

type Options = PoolOptions<StepSetup, Step, Answer>;

function poolOf(t: Test, workers: number, options: Partial<Options> = {}): WorkerPool<StepSetup, Step, Answer> {
  const pool = new WorkerPool<StepSetup, Step, Answer>({
    workers,
    entry: ENTRY,
    createHandler: createStepHandler,
    setup: { add: 100 },
    signal: new AbortController().signal,
    // Without the flags of the test runner a thread starts in a tenth of the time.
    threads: { execArgv: [] },
    ...options,
  });
  t.teardown(() => pool.close());
  return pool;
}

function echoes(count: number, ms: (value: number) => number = () => 0): Step[] {
  return Array.from({ length: count }, (_, value) => ({ do: "echo", value, ms: ms(value) }));
}

async function valuesOf(pool: WorkerPool<StepSetup, Step, Answer>, steps: Iterable<Step>): Promise<number[]> {
  const values: number[] = [];
  for await (const { value } of pool.run(steps)) values.push(value);
  return values;
}

/** The error that a run of `steps` ends with. */
async function failureOf(pool: WorkerPool<StepSetup, Step, Answer>, steps: Iterable<Step>): Promise<MigrationError> {
  try {
    await valuesOf(pool, steps);
  } catch (error) {
    if (error instanceof MigrationError) return error;
    throw error;
  }
  throw new Error("expected a failure, got none");
}

function* endless(step: Step): Generator<Step> {
  for (;;) yield step;
}

t.test("results come in the order of the tasks for any number of workers", async (t) => {
  for (const workers of [0, 1, 2, 3, 8]) {
    const pool = poolOf(t, workers);
    // The first tasks take longest, so later ones are done before them.
    const values = await valuesOf(
      pool,
      echoes(40, (value) => (value % 8 === 0 ? 12 : 0)),
    );
    t.same(
      values,
      Array.from({ length: 40 }, (_, at) => at + 100),
      `${workers} workers`,
    );
    t.same(await valuesOf(pool, echoes(3)), [100, 101, 102], "and again in the same pool");
    t.same(await valuesOf(pool, []), [], "and none where there are none");
    await pool.close();
  }
});

t.test("every worker gets work, and none is started for which there is none", async (t) => {
  const threadsFor = async (workers: number, steps: Step[]): Promise<number> => {
    const threads = new Set<number>();
    for await (const { thread } of poolOf(t, workers).run(steps)) threads.add(thread);
    return threads.size;
  };
  t.equal(
    await threadsFor(
      3,
      echoes(30, () => 5),
    ),
    3,
  );
  t.equal(await threadsFor(8, echoes(2)), 2);
});

t.test("threads are numbered from 0 on, so that each has a place of its own", async (t) => {
  for (const workers of [0, 1, 3]) {
    const numbers = new Map<number, Set<number | undefined>>();
    const steps = echoes(30, () => 5);
    for await (const { thread, number } of poolOf(t, workers).run(steps)) {
      numbers.set(thread, (numbers.get(thread) ?? new Set()).add(number));
    }
    const each = [...numbers.values()].map((own) => [...own]);
    t.strictSame(each.flat().sort(), workers === 0 ? [0] : [0, 1, 2].slice(0, workers), `${workers} workers`);
  }
});

t.test("tasks are taken only a bound ahead of the results that were fetched", async (t) => {
  for (const workers of [1, 3]) {
    const pool = poolOf(t, workers);
    let taken = 0;
    const steps = function* (): Generator<Step> {
      for (const step of echoes(200)) {
        taken += 1;
        yield step;
      }
    };
    let fetched = 0;
    let most = 0;
    for await (const _answer of pool.run(steps())) {
      fetched += 1;
      // A slow consumer: the workers have time to get as far ahead as they may.
      if (fetched % 20 === 1) await new Promise((done) => setTimeout(done, 10));
      most = Math.max(most, taken - fetched);
    }
    t.equal(taken, 200);
    t.ok(most <= 4 * workers, `${most} ahead with ${workers} workers`);
  }
});

t.test("behind one slow task only a bounded number of results wait", async (t) => {
  const pool = poolOf(t, 2);
  let taken = 0;
  const steps = function* (): Generator<Step> {
    for (const step of echoes(100, (value) => (value === 0 ? 150 : 0))) {
      taken += 1;
      yield step;
    }
  };
  const results = pool.run(steps());
  await results.next();
  t.ok(taken <= 8, `${taken} tasks were taken while the first one was done`);
  t.ok(taken > 2, "and more than were first given");
  await results.return();
});

t.test("a run that was left does not mix with the next one", async (t) => {
  const pool = poolOf(t, 2);
  for await (const { value } of pool.run(echoes(20, () => 5))) if (value === 103) break;
  const others = echoes(30).map((step) => ({ ...step, value: 1000 }));
  t.same(await valuesOf(pool, others), new Array(30).fill(1100));
});

t.test("an error of the tool arrives whole; a bug without its message", async (t) => {
  for (const workers of [0, 2]) {
    const coded = await failureOf(poolOf(t, workers), [...echoes(3), { do: "fail" }, ...echoes(3)]);
    t.match(coded, { code: "DISK_FULL", message: "Full.", remedy: "Make room.", problems: ["no room"] });
    const bug = await failureOf(poolOf(t, workers), [{ do: "bug" }]);
    t.equal(bug.code, "INTERNAL");
    t.match(bug.message, /RangeError/);
    t.notMatch(`${bug.message} ${bug.problems.join(" ")} ${bug.remedy}`, /Ada/);
    t.match(bug.problems[0], /handler\.[jt]s/, "with the place of the fault");
  }
  const unsendable = await failureOf(poolOf(t, 1), [{ do: "function" }]);
  t.equal(unsendable.code, "INTERNAL", "a result that cannot cross threads is a bug");
});

t.test("a failure is the end: the pool does no further work", async (t) => {
  const pool = poolOf(t, 1);
  await failureOf(pool, [{ do: "fail" }]);
  let asked = 0;
  const steps = function* (): Generator<Step> {
    asked += 1;
    yield { do: "echo", value: 1 };
  };
  t.equal((await failureOf(pool, steps())).code, "DISK_FULL");
  t.equal(asked, 0);
});

t.test("a lost worker is an error at once, and the pool can still be closed", { timeout: 30_000 }, async (t) => {
  const lost = async (step: Step, message: RegExp, options: Partial<Options> = {}): Promise<void> => {
    const pool = poolOf(t, 2, options);
    const failure = await failureOf(pool, [...echoes(4), step, ...echoes(20, () => 2)]);
    t.equal(failure.code, "WORKER_LOST", step.do);
    t.match(failure.message, message);
    t.notMatch(failure.message, /Ada/);
    await pool.close();
    await pool.close();
    t.pass(`closed after ${step.do}`);
  };
  await lost({ do: "exit", code: 0 }, /exited with 0/);
  await lost({ do: "exit", code: 5 }, /exited with 5/);
  await lost({ do: "throw outside" }, /threw/);
  await lost({ do: "allocate" }, /out of memory/, {
    threads: { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 24 } },
  });
  const broken = await failureOf(poolOf(t, 1, { setup: { add: 0, broken: true } }), echoes(1));
  t.equal(broken.code, "WORKER_LOST", "a worker that does not even start");
});

t.test("a worker that goes away between two tasks is missed before it gets another one", async (t) => {
  const pool = poolOf(t, 1);
  const results = pool.run([{ do: "answer, then exit", code: 0 }, ...echoes(5, () => 20)]);
  t.match(await results.next(), { value: { value: 100 } });
  await new Promise((done) => setTimeout(done, 100));
  await t.rejects(results.next(), { code: "WORKER_LOST" });
});

t.test("a cancel ends a run and the pool within a second", { timeout: 20_000 }, async (t) => {
  for (const step of ["loop politely", "loop"] as const) {
    const abort = new AbortController();
    const looping = new Int32Array(new SharedArrayBuffer(4));
    const pool = poolOf(t, 2, { signal: abort.signal, setup: { add: 0, looping } });
    const failed = failureOf(pool, endless({ do: step }));
    await until(() => Atomics.load(looping, 0) === 2);
    const start = performance.now();
    abort.abort();
    t.equal((await failed).code, "INTERRUPTED");
    await pool.close();
    const ms = performance.now() - start;
    // Workers that look at the cancel end by themselves, long before force is used.
    const limit = step === "loop" ? 1000 : 650;
    t.ok(ms < limit, `${step}: ${Math.round(ms)} ms`);
  }
});

t.test("a cancel comes through where the work is done in this thread", { timeout: 20_000 }, async (t) => {
  const abort = new AbortController();
  const createHandler = () => () => ({ result: { value: 1, thread: 0 } });
  const pool = poolOf(t, 0, { signal: abort.signal, createHandler });
  setTimeout(() => abort.abort(), 20);
  t.equal((await failureOf(pool, endless({ do: "bug" }))).code, "INTERRUPTED");
});

t.test("threads can be started before there is a task for them", { timeout: 30_000 }, async (t) => {
  const started = new Int32Array(new SharedArrayBuffer(4));
  const pool = poolOf(t, 3, { setup: { add: 100, started } });
  pool.start(2);
  await until(() => Atomics.load(started, 0) === 2);
  t.strictSame(
    await valuesOf(
      pool,
      echoes(2, () => 50),
    ),
    [100, 101],
    "and are used",
  );
  pool.start(9);
  await until(() => Atomics.load(started, 0) === 3);
  t.strictSame(
    await valuesOf(pool, echoes(9)),
    [100, 101, 102, 103, 104, 105, 106, 107, 108],
    "never more than allowed",
  );
  t.equal(Atomics.load(started, 0), 3);
});

t.test("a pool that is cancelled beforehand starts nothing", async (t) => {
  for (const workers of [0, 2]) {
    const pool = poolOf(t, workers, { signal: AbortSignal.abort() });
    pool.start(2);
    t.equal((await failureOf(pool, echoes(1))).code, "INTERRUPTED");
  }
});

t.test("closing a pool ends the run that waits for it", { timeout: 20_000 }, async (t) => {
  for (const step of ["loop politely", "loop"] as const) {
    const looping = new Int32Array(new SharedArrayBuffer(4));
    const pool = poolOf(t, 2, { setup: { add: 0, looping } });
    const failed = failureOf(pool, endless({ do: step }));
    await until(() => Atomics.load(looping, 0) === 2);
    await pool.close();
    t.equal((await failed).code, "INTERRUPTED", step);
  }
  const pool = poolOf(t, 2);
  await pool.close();
  t.equal((await failureOf(pool, echoes(1))).code, "INTERRUPTED", "and nothing starts afterwards");
});

t.test("nothing of a closed pool keeps the process alive", (t) => {
  for (const [how, said] of [
    ["sound", "1\n2\nclosed\n"],
    ["lost", /WORKER_LOST\nclosed\n$/],
  ] as const) {
    const args = ["build/test/fixtures/pool/use-and-leave.js", how];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 20_000 });
    t.equal(status, 0, how);
    t.match(stdout, said);
  }
  t.end();
});
