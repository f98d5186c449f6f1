// `npm run practice -- <plan> <folder>`: lays an estate for a person to learn on, and says what to type.
import { cpSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { LAYERS, PLANS } from "./lay.ts";
import type { Practice } from "./practice.ts";

const [plan = "", folder = ""] = process.argv.slice(2);
const known = PLANS.find((name) => name === plan);
if (known === undefined || folder === "" || (existsSync(folder) && readdirSync(folder).length > 0)) {
  process.stderr.write(`usage: npm run practice -- <plan> <new folder>\nplans: ${PLANS.join(", ")}\n`);
  process.exitCode = 2;
} else {
  process.stdout.write(introduction(await LAYERS[known](folder)));
}

function introduction(practice: Practice): string {
  const { estate, vars, roles } = practice;
  const file = `migration/cutover/${practice.plan}.yaml`;
  cpSync(file, join(estate.project, file));
  const env = Object.entries(estate.env).map(([name, value]) => `export ${name}='${value}'\n`);
  const candor = `candor() { "${process.execPath}" "${resolve("tools/migration/cli.js")}" "$@"; }\n`;
  writeFileSync(join(estate.dir, "estate.sh"), `${env.join("")}${candor}cd "${estate.project}"\n`);
  const given = [
    ...Object.entries(vars).map(([name, value]) => `--var ${name}='${[value].flat().join(",")}'`),
    ...Object.entries(roles).map(([role, who]) => `--assign ${role}=${who}`),
  ];
  const values = given.join(" ");
  const arm = `  candor cutover arm ${file} --t0 "$(date -u -d '+61 minutes' +%FT%TZ)" ${values}\n`;
  const start =
    practice.plan === "step22" ? `${arm}  candor cutover run ${file}` : `  candor cutover run ${file} ${values}`;
  return `A world for ${practice.plan} is in ${estate.dir}. Everything that happens in it stays there.

  . ${join(estate.dir, "estate.sh")}
  candor cutover lint ${file}
  candor cutover plan ${file}
${start}

In a second terminal, after the first line:
  candor cutover status                               what it waits for
  candor cutover sign --role <role> --name <person> --say done --for <what>
  echo down > ../state/services/<service>/mode        make a service fail (mkdir its folder first); rm mends it
  echo fail > ../state/faults/<program>               make a program fail: fail, once, hang, exit <n>
  cat ../state/effects.log                            what the world noticed
  pkill -P 1 -f ${join(estate.dir, "state")}          stop its services when you are done
`;
}
