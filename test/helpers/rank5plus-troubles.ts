import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Estate } from "../estate/estate.ts";
import { about, begins, stateTrouble, type Trouble } from "./troubles.ts";

const AUDIT = "LOOP-MINT-TABLE-OWNERSHIP-AUDIT-20260222";
const SECRETS = "LOOP-MINT-SECRETS-BOOTSTRAP-CONTRACT-20260222";
const AUTH = "LOOP-MINT-AUTH-PHASE0-CONTRACT-20260222";
const PLANNING = "docs/planning/MINT_TABLE_OWNERSHIP_MAP.md";
const TUNNEL = "workbench/infra/cloudflare/tunnel/docker-compose.yml";
/** What `tailscale status` says while the peer is there, and while it is not. */
export const ONLINE = "100.79.183.10   operator   linux   -\n100.79.183.14   mint-apps   linux   active\n";
export const OFFLINE = ONLINE.replace("active", "offline");
const PAIN = '{"status":"starting"}';

/** Everything that can be wrong with the world of Mint Rank5+, in the order in which the runbook finds it. */
export function rankTroubles(): readonly Trouble[] {
  return [
    stateTrouble("prerequisites/stabilise", "ops/stabilization", "true"),
    loopGone("foundation-loops", AUDIT),
    stateTrouble("foundation/open-gaps", "ops/gaps/GAP-OP-4", `loop: ${SECRETS}\nstatus: resolved\n`),
    edited("owners", PLANNING, "`payment` |", "pending_decision |"),
    stateTrouble("namespaces", "ops/namespaces", "/spine/services/auth\n/spine/services/payment\n"),
    stateTrouble("foundation/secrets", "ops/injection", "FAIL (token expired)"),
    stateTrouble("foundation/pack-mint", "ops/verdicts/mint", "FAIL"),
    stateTrouble("core-services/progress", "ops/gaps/GAP-OP-1", `loop: ${AUDIT}\nstatus: filed\n`),
    stateTrouble("auth-gap", "ops/lane", "safe"),
    stateTrouble("core-services/auth-up", "services/auth/mode", "fail", about("pay-claim", "step.end")),
    stateTrouble("core-services/pay-up", "services/payment/mode", "fail", about("auth-up", "check")),
    stateTrouble("pay-answers", "services/payment/health.json", PAIN, about("pay-up", "check")),
    stateTrouble("core-services/pack-mint", "ops/verdicts/mint", "WAIT", about("pay-answers", "step.end")),
    gapsGone("stop:no-gaps-core", AUTH, about("pay-claim", "step.end")),
    stateTrouble("business-logic/order-up", "services/order-lifecycle/mode", "fail", about("notif-claim", "step.end")),
    stateTrouble("comms", "ops/comms", "sandbox"),
    stateTrouble("business-logic/notif-up", "services/notification/mode", "fail", about("comms", "step.end")),
    stateTrouble("business-logic/pack-mint", "ops/verdicts/mint", "WAIT", about("notif-up", "check")),
    containerGone("all-four", "order-lifecycle", begins("infra-migration")),
    edited("tunnel-config", TUNNEL, "mint-apps", "docker-host"),
    stateTrouble("routes-over", "services/edge-auth/health.json", '{"status":"ok","host":"docker-host"}'),
    stateTrouble("infra-migration/route-rec", "ops/verdicts/route", "FAIL"),
    stateTrouble("infra-migration/core", "ops/verdicts/core", "FAIL"),
    stateTrouble("done", "ops/verdicts/loop_gap", "FAIL"),
  ];
}

/** A loop that nobody knows. */
function loopGone(subject: string, loop: string): Trouble {
  const lay = (estate: Estate): void => rmSync(join(estate.dir, "state/ops/loops", loop));
  return { subject, from: begins("foundation"), lay, mend: (estate) => estate.write(`ops/loops/${loop}`, "") };
}

/** A loop whose gaps are linked to another one. */
function gapsGone(subject: string, loop: string, from: NonNullable<Trouble["from"]>): Trouble {
  const move = (estate: Estate, old: string, other: string): void => {
    estate.run("local", `sed -i 's/^loop: ${old}$/loop: ${other}/' ${join(estate.dir, "state/ops/gaps")}/*`);
  };
  return { subject, from, lay: (estate) => move(estate, loop, "NONE"), mend: (estate) => move(estate, "NONE", loop) };
}

/** A container that was stopped by hand. */
function containerGone(subject: string, name: string, from: NonNullable<Trouble["from"]>): Trouble {
  const compose = `docker compose -f /opt/stacks/mint-apps/${name}/docker-compose.yml`;
  const lay = (estate: Estate): void => void estate.run("mint-apps", `${compose} down`);
  return { subject, from, lay, mend: (estate) => void estate.run("mint-apps", `${compose} up -d`) };
}

/** A file of the project that says something else for a while. */
function edited(subject: string, path: string, good: string, bad: string): Trouble {
  const swap = (estate: Estate, from: string, to: string): void => {
    estate.file(path, readFileSync(join(estate.project, path), "utf8").replace(from, to));
  };
  return { subject, lay: (estate) => swap(estate, good, bad), mend: (estate) => swap(estate, bad, good) };
}
