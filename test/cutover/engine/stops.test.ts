import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import t, { type Test } from "tap";
import { StopWatch } from "../../../tools/migration/cutover/engine/stop-watch.ts";
import { systemClock } from "../../../tools/migration/cutover/time/clock.ts";
import { cutoverProject, demoPlan, only, play } from "../../helpers/cutover.ts";

interface Service {
  readonly port: string;
  isUp: boolean;
  /** Connections break off: nobody answers. */
  isGone: boolean;
}

async function service(t: Test): Promise<Service> {
  const state = { isUp: true, isGone: false, port: "" };
  const server: Server = createServer((request, response) => {
    if (state.isGone) request.socket.destroy();
    response.statusCode = state.isUp ? 200 : 503;
    response.end(JSON.stringify({ status: state.isUp ? "ok" : "down" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  state.port = String((server.address() as AddressInfo).port);
  return state;
}

const WATCHED = (then: string, badFor: string, every = "1s"): string =>
  demoPlan(`vars: {port: null}
checks:
  health: {http: 'http://127.0.0.1:\${port}/health', json: {/status: ok}}
phases:
- id: work
  steps:
  - {id: change, sh: 'echo change >> effects', undo: {sh: 'echo undo >> effects'}}
  - {id: settle, wait: 900s}
stop:
- {id: down, use: health, every: ${every}, bad_for: ${badFor}, from: work, then: ${then}}
`);

function outage(one: Service, downMs: number, upMs: number) {
  return async ({ clock }: { clock: { sleep: (ms: number) => Promise<void> } }): Promise<void> => {
    await clock.sleep(20_500);
    one.isUp = false;
    await clock.sleep(downMs);
    one.isUp = true;
    await clock.sleep(upMs);
  };
}

t.test("F30: down for 59 s and then up for good rolls nothing back", async (t) => {
  const project = cutoverProject(t);
  const one = await service(t);
  const { ending } = await play(project, WATCHED("rollback", "60s"), {
    vars: { port: one.port },
    meanwhile: outage(one, 59_000, 0),
  });
  t.equal(ending.outcome, "SUCCEEDED");
  t.strictSame(project.effects(), ["change"]);
  t.ok(
    only(project.records(), "stop.sample").some(({ data }) => data.bad),
    "the outage is in the journal",
  );
});

t.test("F31: down for 61 s rolls back once, while a step is still running", async (t) => {
  const project = cutoverProject(t);
  const one = await service(t);
  const { ending } = await play(project, WATCHED("rollback", "60s"), {
    vars: { port: one.port },
    meanwhile: outage(one, 61_000, 0),
  });
  t.equal(ending.outcome, "ROLLED_BACK");
  t.strictSame(project.effects(), ["change", "undo"]);
  const fires = only(project.records(), "stop.fire");
  t.equal(fires.length, 1);
  t.ok(
    (fires[0]?.data.badMs ?? 0) > 60_000 && (fires[0]?.data.badMs ?? 0) <= 61_000,
    "at the first bad sample past 60 s",
  );
});

t.test("an outage of 590 s does not fire a rule of ten minutes, one of 610 s does", async (t) => {
  for (const [downMs, outcome] of [
    [590_000, "SUCCEEDED"],
    [610_000, "ROLLED_BACK"],
  ] as const) {
    const project = cutoverProject(t);
    const one = await service(t);
    const { ending } = await play(project, WATCHED("rollback", "10m", "10s"), {
      vars: { port: one.port },
      meanwhile: outage(one, downMs, 0),
    });
    t.equal(ending.outcome, outcome, `${downMs}`);
  }
});

t.test("F32: 50 s down and 10 s up, sampled every 5 s, fires: two good samples clear nothing", async (t) => {
  const project = cutoverProject(t);
  const one = await service(t);
  const { ending } = await play(project, WATCHED("rollback", "60s", "5s"), {
    vars: { port: one.port },
    meanwhile: async ({ clock }) => {
      for (let round = 0; round < 5; round++) {
        one.isUp = false;
        await clock.sleep(50_000);
        one.isUp = true;
        await clock.sleep(10_000);
      }
    },
  });
  t.equal(ending.outcome, "ROLLED_BACK");
});

t.test("F37: of two stops that fire together the strongest wins, and both are in the journal", async (t) => {
  const project = cutoverProject(t);
  const one = await service(t);
  one.isUp = false;
  const text = `${WATCHED("hold", "0s")}- {id: too, use: health, every: 1s, bad_for: 0s, from: work, then: rollback}\n`;
  const { ending } = await play(project, text, { vars: { port: one.port } });
  t.equal(ending.outcome, "ROLLED_BACK");
  t.strictSame(
    only(project.records(), "stop.fire")
      .map(({ step }) => step)
      .sort(),
    ["down", "too"],
  );
});

t.test("F36: a stop fires while the run waits for a person in HOLD", async (t) => {
  const project = cutoverProject(t);
  const one = await service(t);
  const text = WATCHED("rollback", "5s").replace(
    "- {id: settle, wait: 900s}",
    "- {id: broken, sh: 'exit 3', undo: {none: no}}",
  );
  const { ending } = await play(project, text, {
    vars: { port: one.port },
    meanwhile: async ({ clock }) => {
      await clock.sleep(60_000);
      one.isUp = false;
    },
  });
  t.equal(ending.outcome, "ROLLED_BACK");
  t.equal(only(project.records(), "hold").length, 1);
});

t.test("F35: where our own network is gone the run pauses, and goes on by itself once it is back", async (t) => {
  const project = cutoverProject(t);
  const one = await service(t);
  const gateway = await service(t);
  const text = demoPlan(`vars: {port: null, gw: null}
checks:
  health: {http: 'http://127.0.0.1:\${port}/health', json: {/status: ok}}
  gateway: {http: 'http://127.0.0.1:\${gw}/', json: {/status: ok}}
phases:
- id: work
  steps:
  - {id: change, sh: 'echo change >> effects', undo: {sh: 'echo undo >> effects'}}
  - {id: settle, wait: 100s}
  - {id: after, sh: 'echo after >> effects', undo: {none: no}}
control: gateway
stop:
- {id: down, use: health, every: 1s, bad_for: 5s, from: work, then: rollback}
`);
  const { ending } = await play(project, text, {
    vars: { port: one.port, gw: gateway.port },
    meanwhile: async ({ clock }) => {
      await clock.sleep(50_000);
      for (const each of [one, gateway]) each.isGone = true;
      await clock.sleep(120_000);
      for (const each of [one, gateway]) each.isGone = false;
    },
  });
  t.equal(ending.outcome, "SUCCEEDED");
  t.strictSame(project.effects(), ["change", "after"]);
  const records = project.records();
  t.strictSame(
    only(records, "stop.fire").map(({ data }) => data.action),
    ["pause"],
  );
  t.match(only(records, "escalation"), [{ data: { cause: "stop down: our own network is gone" } }], "people are told");
  t.strictSame(
    only(records, "run.state").map(({ data }) => data.state),
    ["PAUSED", "RUNNING"],
  );
});

t.test("without a control check a service that does not answer is down", async (t) => {
  const project = cutoverProject(t);
  const one = await service(t);
  one.isGone = true;
  const { ending } = await play(project, WATCHED("rollback", "5s"), { vars: { port: one.port } });
  t.equal(ending.outcome, "ROLLED_BACK");
});

t.test("F36: during a rollback a stop is recorded and asks for nothing", async (t) => {
  const project = cutoverProject(t);
  const one = await service(t);
  const text = WATCHED("rollback", "5s").replace(
    "undo: {sh: 'echo undo >> effects'}",
    "undo: [{wait: 60s}, {sh: 'echo undo >> effects'}]",
  );
  const { ending } = await play(project, text, {
    vars: { port: one.port },
    meanwhile: async ({ clock, ask }) => {
      await clock.sleep(10_000);
      ask("rollback", { scope: "run", reason: "test" });
      await clock.sleep(5000);
      one.isUp = false;
    },
  });
  t.equal(ending.outcome, "ROLLED_BACK");
  t.strictSame(
    only(project.records(), "stop.fire").map(({ data }) => data.acted),
    [false],
  );
  t.strictSame(project.effects(), ["change", "undo"]);
});

t.test("F36: a stop fires while the run is paused, and while it waits for a person at a gate", async (t) => {
  const project = cutoverProject(t);
  const one = await service(t);
  const pausing = "- {id: link, probe: 'cat link', out: ^up, every: 1s, from: work, then: pause}\n";
  const { ending } = await play(project, `${WATCHED("rollback", "5s")}${pausing}`, {
    vars: { port: one.port },
    meanwhile: async ({ run, clock }) => {
      while (run.state.mode !== "PAUSED") await clock.sleep(100);
      await clock.sleep(30_000);
      one.isUp = false;
    },
  });
  t.equal(ending.outcome, "ROLLED_BACK");
  t.notOk(
    only(project.records(), "run.state").some(({ data }) => data.state === "RUNNING"),
    "out of the pause",
  );

  const gated = WATCHED("rollback", "5s").replace(
    "{id: settle, wait: 900s}",
    "{id: settle, manual: look at it, by: operator}",
  );
  const other = cutoverProject(t);
  one.isUp = true;
  const { ending: second } = await play(other, gated, {
    vars: { port: one.port },
    meanwhile: async ({ clock, said }) => {
      while (!said.some((line) => line.startsWith("waiting for operator"))) await clock.sleep(100);
      await clock.sleep(30_000);
      one.isUp = false;
    },
  });
  t.equal(second.outcome, "ROLLED_BACK");
});

t.test("F31: a command that runs when a stop fires is ended first, then undone", async (t) => {
  const project = cutoverProject(t);
  const one = await service(t);
  const running =
    "{id: settle, sh: 'echo settle >> effects; sleep 1000; echo late >> effects', undo: {sh: 'echo back >> effects'}}";
  const text = WATCHED("rollback", "0s", "200ms").replace("{id: settle, wait: 900s}", running);
  const { ending } = await play(project, text, {
    vars: { port: one.port },
    clock: systemClock(),
    meanwhile: async ({ clock }) => {
      while (!project.effects().includes("settle")) await clock.sleep(50);
      one.isUp = false;
    },
  });
  t.equal(ending.outcome, "ROLLED_BACK");
  t.strictSame(project.effects(), ["change", "settle", "back", "undo"]);
  const order = project.records().filter(({ type }) => /^(step\.end|rollback\.start|stop\.fire)$/.test(type));
  t.strictSame(
    order.map(({ type }) => type),
    ["step.end", "stop.fire", "step.end", "rollback.start"],
  );
});

t.test("F16: bad time that a driver before has seen does not count for the next one", async (t) => {
  const project = cutoverProject(t);
  const one = await service(t);
  one.isUp = false;
  const text = WATCHED("rollback", "60s");
  const killed = play(project, text, {
    vars: { port: one.port },
    meanwhile: async ({ clock }) => {
      await clock.sleep(50_000);
      throw new Error("killed");
    },
  });
  await t.rejects(killed, /killed/);
  const { seq } = project.records().at(-1) ?? { seq: 0 };
  const { ending } = await play(project, text, { resume: "demo-1" });
  t.equal(ending.outcome, "ROLLED_BACK");
  const [resumed] = only(project.records(), "stop.sample").filter((record) => record.seq > seq);
  const [fire] = only(project.records(), "stop.fire");
  const tookMs = (fire?.mono ?? 0) - (resumed?.mono ?? 0);
  t.ok(tookMs >= 59_000 && tookMs <= 62_000, `fired ${tookMs} ms after its own first sample`);
});

t.test("F38: a stop that is bad when it becomes active counts from there, and with 0s fires at once", async (t) => {
  for (const [badFor, fromMs, toMs] of [
    ["60s", 60_000, 61_500],
    ["0s", 0, 500],
  ] as const) {
    const project = cutoverProject(t);
    const one = await service(t);
    one.isUp = false;
    const { ending } = await play(project, WATCHED("rollback", badFor), { vars: { port: one.port } });
    t.equal(ending.outcome, "ROLLED_BACK");
    const [begun, fire] = [only(project.records(), "phase.start")[0], only(project.records(), "stop.fire")[0]];
    const afterMs = (fire?.mono ?? 0) - (begun?.mono ?? 0);
    t.ok(afterMs >= fromMs && afterMs <= toMs, `${badFor}: fired ${afterMs} ms after it became active`);
    t.ok((fire?.data.badMs ?? -1) <= afterMs, "no bad time from before");
  }
});

t.test("F29: probes do not overlap, and what was missed is a gap that counts as neither good nor bad", async (t) => {
  const watch = new StopWatch({ everyMs: 1000, badForMs: 60_000, okAfter: 3 }, 0);
  t.match(watch.take({ startMs: 0, endMs: 50, isBad: true }), { gap: false, isBad: true });
  const late = watch.take({ startMs: 100_000, endMs: 100_050, isBad: true });
  t.match(late, { gap: true, fires: false }, "a hundred seconds that nobody saw fire nothing");
  t.ok(late.badMs < 1000, `${late.badMs} ms of bad time were seen`);
  const slow = watch.take({ startMs: 101_000, endMs: 162_000, isBad: true });
  t.match(slow, { gap: false, fires: true }, "a probe that takes a minute has seen it");
});

/** A service that takes a request and answers as `answer` says. */
async function stubborn(t: Test, answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_, response) => answer(response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return String((server.address() as AddressInfo).port);
}

const GATED = (port: string): string =>
  demoPlan(`phases:
- id: work
  steps:
  - {id: ask, http: 'http://127.0.0.1:${port}/health', timeout: 400ms, json: {/status: ok}}
`);

t.test("F25: no answer, an answer in drips, an answer without end: one deadline, and never a PASS", async (t) => {
  const drip = (response: ServerResponse): void => {
    response.writeHead(200);
    const timer = setInterval(() => response.write(" "), 50);
    response.on("close", () => clearInterval(timer));
  };
  for (const answer of [() => {}, drip]) {
    const project = cutoverProject(t);
    const { ending } = await play(project, GATED(await stubborn(t, answer)), { exitOnHold: true });
    t.equal(ending.outcome, "HOLD");
    const [receipt] = only(project.records(), "step.end").flatMap(({ data }) => data.receipts);
    t.match(receipt, { verdict: "UNKNOWN", timedOut: true });
  }
  const project = cutoverProject(t);
  const flood = (response: ServerResponse): void => {
    response.end(`{"status":"ok","more":"${"x".repeat(3 * 1024 * 1024)}"}`);
  };
  const text = GATED(await stubborn(t, flood)).replace("400ms", "10s");
  await play(project, text, { exitOnHold: true });
  const [receipt] = only(project.records(), "step.end").flatMap(({ data }) => data.receipts);
  t.match(receipt, { verdict: "FAIL", out: { sizeBytes: 1024 * 1024, truncated: true } });
});

t.test("F33: a page of errors with 200, a redirect, and a body that says down are no health", async (t) => {
  const answers: readonly ((response: ServerResponse) => void)[] = [
    (response) => response.end('{"status":"ok?","db":"down"}'),
    (response) => response.end("<html>error</html>"),
    // Where it leads all is well: whoever followed it would be told of another page.
    (response) =>
      response.req.url === "/ok"
        ? response.end('{"status":"ok"}')
        : response.writeHead(302, { location: "/ok" }).end('{"status":"ok"}'),
  ];
  for (const answer of answers) {
    const project = cutoverProject(t);
    const { ending } = await play(project, GATED(await stubborn(t, answer)).replace("400ms", "10s"), {
      exitOnHold: true,
    });
    t.match(ending, { outcome: "HOLD" });
    t.equal(only(project.records(), "step.end")[0]?.data.receipts[0]?.verdict, "FAIL");
  }
});
