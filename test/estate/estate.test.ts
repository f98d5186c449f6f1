import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { makeRemovable } from "../helpers/release.ts";
import { layMintProd } from "./mint-prod.ts";
import type { Practice } from "./practice.ts";
import { layRank5plus } from "./rank5plus.ts";
import { layStep22 } from "./step22.ts";

/** A world until the test ends; outside of the test's own folder, because its services write to it until the end. */
async function world(t: Test, lay: (dir: string) => Promise<Practice>): Promise<Practice> {
  const dir = mkdtempSync(join(tmpdir(), "estate-"));
  const practice = await lay(dir);
  t.teardown(() => {
    practice.estate.close();
    makeRemovable(dir);
    rmSync(dir, { recursive: true, force: true });
  });
  return practice;
}

const answer = async (url: string): Promise<string> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(300) });
    return `${response.status} ${await response.text()}`;
  } catch (error) {
    return error instanceof Error ? error.name : "";
  }
};

t.test("docker compose starts and stops real services, one on a port", async (t) => {
  const { estate, vars } = await world(t, layMintProd);
  const [health, intake] = [`${vars["files_api"]}/health`, `${vars["order_intake"]}/health`];
  t.match(await answer(health), /^200 .*"db":"ok"/);
  t.equal(await answer(intake), "TypeError", "nothing listens yet");
  estate.run("docker-host", "echo A=b > mint-modules-prod/.env.prod");
  const up = `cd mint-modules-prod && TAG=x docker compose -f docker-compose.prod.yml --env-file .env.prod up -d`;
  t.throws(() => estate.run("docker-host", up), /files-api" is already in use/, "a name");
  for (const stack of ["artwork-module", "quote-page"]) estate.run("docker-host", `cd ${stack} && docker compose down`);
  t.throws(() => estate.run("docker-host", up), /No such image/, "an image");
  estate.run("docker-host", "cd mint-modules-prod && TAG=x docker compose -f docker-compose.prod.yml build");
  estate.run("docker-host", up);
  const port = new URL(String(vars["files_api"])).port;
  estate.stack("docker-host", "second", [{ name: "other", image: "other:old", port: Number(port) }]);
  t.throws(() => estate.run("docker-host", "mkdir second && cd second && docker compose up -d"), /already allocated/);
  t.match(estate.run("docker-host", "docker ps"), /mint-modules\/artwork:x +Up .*\(healthy\)/);
  estate.run("docker-host", "cd mint-modules-prod && docker compose -f docker-compose.prod.yml down");
  t.equal(await answer(health), "TypeError");
});

t.test("services fail, hang and flap as they are told", async (t) => {
  const { estate, vars } = await world(t, layStep22);
  const url = String(vars["health_urls"]?.[0]);
  t.match(await answer(url), /^200/);
  estate.mode("api", "fail");
  t.match(await answer(url), /^500 <html>/);
  t.match(estate.run("local", "docker compose -f deploy/docker-compose.yml ps"), /unhealthy/);
  estate.mode("api", "sick");
  t.match(await answer(url), /^200 .*degraded/);
  for (const mode of ["down", "hang", "drip"] as const) {
    estate.mode("api", mode);
    t.notMatch(await answer(url), /^\d/, mode);
  }
  estate.mode("api", "flap");
  t.not(await answer(url), await answer(url));
  estate.mode("api", "ok");
  t.match(await answer(url), /^200/);
});

t.test("programs fail as they are told, and note what the world would notice", async (t) => {
  const { estate } = await world(t, layRank5plus);
  estate.fault("ops-session.start", "once");
  t.throws(() => estate.run("local", "./bin/ops cap run session.start"), /this once/);
  t.match(estate.run("local", "./bin/ops cap run session.start"), /Run Key: +CAP-[0-9]{8}-[0-9]{6}__session\.start__R/);
  t.strictSame(estate.effects(), ["local: session started"]);
  estate.fault("ssh-mint-apps", "fail");
  t.throws(() => estate.run("local", "ssh mint-apps true"), /exit code 255/);
  estate.fault("ssh-mint-apps", undefined);
  t.equal(estate.run("local", "ssh -o A=b -- mint-apps 'echo $HOME'").trim(), estate.host("mint-apps"));
});

t.test("gaps are filed with all their flags, claimed, and counted by loop", async (t) => {
  const { estate } = await world(t, layRank5plus);
  const loop = "LOOP-MINT-AUTH-PHASE0-CONTRACT-20260222";
  const file = `./bin/ops cap run gaps.file --type missing-entry --parent-loop ${loop} --description "x"`;
  t.throws(() => estate.run("local", file), /--id is required/);
  const filed = estate.run("local", `${file} --id auto --severity high --discovered-by ${loop}`);
  t.match(filed, /FILED: GAP-OP-114/);
  t.match(estate.run("local", `./bin/ops cap run loops.progress --loop ${loop}`), /Linked gaps: 3\nProgress: 1\/3/);
  estate.write("ops/lane", "queued");
  t.match(estate.run("local", `${file} --id auto --severity high --discovered-by ${loop}`), /LANE_SAFE_QUEUED/);
});

t.test("npm run practice says what to type", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "estate-"));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const run = (args: readonly string[]) =>
    spawnSync(process.execPath, ["build/test/estate/main.js", ...args], { encoding: "utf8" });
  t.equal(run(["nothing", dir]).status, 2);
  const { status, stdout } = run(["step22", join(dir, "world")]);
  t.equal(status, 0);
  t.match(stdout, /candor cutover arm migration\/cutover\/step22\.yaml --t0 .* --var health_urls='http:.*' --assign/);
  t.ok(existsSync(join(dir, "world/project/migration/cutover/step22.yaml")));
  t.match(readFileSync(join(dir, "world/estate.sh"), "utf8"), /export PATH=/);
  spawnSync("pkill", ["-f", join(dir, "world/state")]);
});
