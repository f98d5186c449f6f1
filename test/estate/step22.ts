import { Estate, freePorts } from "./estate.ts";
import type { Practice } from "./practice.ts";

const SCRIPTS: Readonly<Record<string, string>> = {
  "deploy/scripts/production-cutover-preflight.sh": `fault preflight\necho "preflight: all tools and paths are there"\n`,
  "deploy/scripts/canary-deploy.sh": `echo deployed\n`,
  "deploy/scripts/canary-rollback.sh": `fault canary-rollback\neffect "rolled back by the script"\nrm -f "$STATE"/services/*/mode\necho "rolled back"\n`,
};
const DOCUMENTS = [
  ".github/workflows/step20-canary-rollback.yml",
  "docs/operations/handover-operations-manual.md",
  "docs/operations/incident-and-rollback-playbook.md",
  "docs/acceptance/step20-release-rollback-report.md",
  "docs/acceptance/step21-handover-report.md",
];

/** The world of the Step 22 runbook: two critical services, the assets of steps 20 and 21, nine roles. */
export async function layStep22(dir: string): Promise<Practice> {
  const estate = new Estate(dir);
  const [api = 0, web = 0] = await freePorts(2);
  estate.stack("local", "deploy", [
    { name: "api", image: "app/api:old", port: api },
    { name: "web", image: "app/web:old", port: web },
  ]);
  estate.file("deploy/docker-compose.yml", "services: {}\n");
  for (const [path, text] of Object.entries(SCRIPTS)) {
    estate.file(path, `#!/usr/bin/env bash\n. "${estate.dir}/lib.sh"\n${text}`);
  }
  for (const path of DOCUMENTS) estate.file(path, `${path}\n`);
  estate.run("local", "docker compose -f deploy/docker-compose.yml up -d");
  estate.write("effects.log", "");
  return {
    estate,
    plan: "step22",
    vars: { health_urls: [`http://127.0.0.1:${api}/health`, `http://127.0.0.1:${web}/health`] },
    roles: {
      "release-operator": "olga",
      "qa-owner": "quentin",
      "release-manager": "rosa",
      "ops-lead": "li",
      "oncall-ops": "omar",
      "project-owner": "petra",
      l1: "ann",
      l2: "bert",
      l3: "cleo",
    },
  };
}
