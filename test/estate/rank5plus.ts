import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Estate, freePorts } from "./estate.ts";
import type { Practice } from "./practice.ts";

const LOOPS = [
  "LOOP-MINT-TABLE-OWNERSHIP-AUDIT-20260222",
  "LOOP-MINT-SECRETS-BOOTSTRAP-CONTRACT-20260222",
  "LOOP-MINT-AUTH-PHASE0-CONTRACT-20260222",
  "LOOP-MINT-PAYMENT-PHASE0-CONTRACT-20260222",
  "LOOP-MINT-ORDER-LIFECYCLE-PHASE0-CONTRACT-20260222",
  "LOOP-MINT-NOTIFICATION-PHASE0-CONTRACT-20260222",
  "LOOP-MINT-TUNNEL-MIGRATION-CONTRACT-20260222",
];
const TUNNEL = "services:\n  tunnel:\n    image: cloudflared\n    # auth and customer lead to @target\n";

/** The world of the Mint Rank5+ runbook: four modules on mint-apps, the tunnel on docker-host, seven loops with gaps. */
export async function layRank5plus(dir: string): Promise<Practice> {
  const estate = new Estate(dir);
  const [auth = 0, payment = 0, order = 0, notification = 0, edgeAuth = 0, edgeCustomer = 0] = await freePorts(6);
  const modules = { auth, payment, "order-lifecycle": order, notification };
  estate.host("mint-apps");
  for (const [name, port] of Object.entries(modules)) {
    estate.stack("mint-apps", name, [{ name, image: `mint-apps/${name}:old`, port }]);
    estate.run("mint-apps", `docker compose -f /opt/stacks/mint-apps/${name}/docker-compose.yml up -d`);
  }
  layEdge(estate, { "edge-auth": edgeAuth, "edge-customer": edgeCustomer });
  layTunnel(estate);
  layOps(estate);
  estate.write("effects.log", "");
  return {
    estate,
    plan: "mint-rank5plus",
    vars: {
      mint_apps: "127.0.0.1",
      payment_port: String(payment),
      stacks: join(estate.host("docker-host"), "opt/stacks"),
      routes: [`http://127.0.0.1:${edgeAuth}`, `http://127.0.0.1:${edgeCustomer}`],
    },
    roles: {},
  };
}

/** What the world reaches: it answers always, and says which host the tunnel leads to. */
function layEdge(estate: Estate, edges: Readonly<Record<string, number>>): void {
  estate.write("route", "docker-host");
  const containers = Object.entries(edges).map(([name, port]) => ({ name, image: "edge:old", port }));
  for (const { name } of containers) {
    estate.write(`services/${name}/health.json`, '{"status":"ok","host":"@route"}');
  }
  estate.stack("cloudflare", "edge", containers);
  estate.run("cloudflare", "mkdir -p edge && cd edge && docker compose up -d");
}

/** A folder under git, whose last commit leads to mint-apps and the one before to docker-host. */
function layTunnel(estate: Estate): void {
  const folder = join(estate.host("docker-host"), "opt/stacks/cloudflare/tunnel");
  mkdirSync(folder, { recursive: true });
  const commit = (target: string): void => {
    writeFileSync(join(folder, "docker-compose.yml"), TUNNEL.replace("@target", target));
    estate.run("docker-host", `cd ${folder} && git add -A && git ${AUTHOR} commit -qm "lead to ${target}"`);
  };
  estate.run("docker-host", `cd ${folder} && git init -q -b main`);
  commit("legacy");
  commit("mint-apps");
  estate.file("workbench/infra/cloudflare/tunnel/docker-compose.yml", TUNNEL.replace("@target", "mint-apps"));
}

const AUTHOR = "-c user.name=practice -c user.email=practice@example.org";

function layOps(estate: Estate): void {
  estate.file("bin/ops", `#!/bin/sh\nexec "${join(estate.dir, "bin/ops")}" "$@"\n`);
  LOOPS.forEach((loop, at) => {
    estate.write(`ops/loops/${loop}`, "");
    estate.write(`ops/gaps/GAP-OP-${2 * at + 1}`, `loop: ${loop}\nstatus: resolved\n`);
    estate.write(`ops/gaps/GAP-OP-${2 * at + 2}`, `loop: ${loop}\nstatus: filed\n`);
  });
  estate.file(
    "docs/planning/MINT_TABLE_OWNERSHIP_MAP.md",
    "| table | owner_writer |\n| --- | --- |\n| `customers` | `auth` |\n| `orders` | `order-lifecycle` |\n| `payments` | `payment` |\n",
  );
}
