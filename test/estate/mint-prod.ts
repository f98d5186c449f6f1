import { join } from "node:path";
import { Estate, freePorts } from "./estate.ts";
import type { Practice } from "./practice.ts";

const SMOKE = `#!/usr/bin/env bash
# Two checks for each service that runs; two more need an API key.
. "@estate/lib.sh"
passed=0 total=0
for service in files-api order-intake quote-page; do
  [ -e "$STATE/running/docker-host/$service" ] || continue
  total=$((total + 2))
  [ "$(state "services/$service/mode" ok)" != ok ] || passed=$((passed + 2))
done
echo "$passed/$total passed (2 skipped - ORDER_INTAKE_API_KEY not set)"
[ "$passed" = "$total" ]
`;
const PROMOTE = `#!/usr/bin/env bash
. "@estate/lib.sh"
fault promote
echo "typecheck, build, test: 3 modules"
echo "preflight: PASS"
`;

/** The world of the Mint production cutover: two old stacks run on docker-host, the unified one is to take over. */
export async function layMintProd(dir: string): Promise<Practice> {
  const estate = new Estate(dir);
  const [files = 0, intake = 0, quote = 0] = await freePorts(3);
  estate.host("docker-host");
  estate.stack("docker-host", "artwork-module", [{ name: "files-api", image: "artwork:old", port: files }]);
  estate.stack("docker-host", "quote-page", [{ name: "quote-page", image: "quote-page:old", port: quote }]);
  estate.stack("docker-host", "mint-modules-prod", [
    { name: "files-api", image: "mint-modules/artwork:@TAG", port: files },
    { name: "order-intake", image: "mint-modules/order-intake:@TAG", port: intake },
    { name: "quote-page", image: "mint-modules/quote-page:@TAG", port: quote },
  ]);
  estate.write("services/files-api/health.json", '{"status":"ok","db":"ok","minio":"ok"}');
  estate.write("services/order-intake/health.json", '{"status":"ok","artwork_api":"ok"}');
  estate.write("services/quote-page/health.json", '{"status":"ok","minio":"ok","files_api":"ok"}');
  estate.run("docker-host", "mkdir -p artwork-module quote-page mint-modules-prod");
  for (const stack of ["artwork-module", "quote-page"]) {
    estate.run("docker-host", `cd ${stack} && docker compose up -d`);
  }
  const tag = layProject(estate);
  estate.write("effects.log", "");
  return {
    estate,
    plan: "mint-prod-cutover",
    vars: {
      tag,
      deploy_to: "docker-host",
      files_api: `http://127.0.0.1:${files}`,
      order_intake: `http://127.0.0.1:${intake}`,
      quote_page: `http://127.0.0.1:${quote}`,
      psql: "ssh docker-host docker exec -i mint-postgres psql -v ON_ERROR_STOP=1 -tA",
    },
    roles: {},
  };
}

/** The source of the modules, with one commit; its short hash is the tag. */
function layProject(estate: Estate): string {
  const script = (text: string): string => text.replaceAll("@estate", estate.dir);
  estate.file("bin/ops", `#!/bin/sh\nexec "${join(estate.dir, "bin/ops")}" "$@"\n`);
  estate.file("scripts/staging-integration-smoke.sh", script(SMOKE));
  estate.file("scripts/release/promote-to-prod.sh", script(PROMOTE));
  estate.file("fixtures/valid.json", '{"customer":"practice","line_items":[{"sku":"tee-1","quantity":2}]}\n');
  estate.file("fixtures/invalid.json", '{"customer":"practice"}\n');
  estate.file("docker-compose.prod.yml", "services: {}\n");
  estate.file(".gitignore", "storage_reports/\nescalations.jsonl\n");
  estate.write("ops/loops/LOOP-MINT-PROD-CUTOVER-EXECUTION-20260212", "");
  const author = "-c user.name=practice -c user.email=practice@example.org";
  const dates = "GIT_AUTHOR_DATE=2026-02-12T00:00:00Z GIT_COMMITTER_DATE=2026-02-12T00:00:00Z";
  estate.run("local", `git init -q -b main && git add -A && ${dates} git ${author} commit -qm "mint modules"`);
  return estate.run("local", "git rev-parse --short=7 HEAD").trim();
}
