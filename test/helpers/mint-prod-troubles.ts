import { type Asked, approve, type Said, type Stage } from "../estate/play.ts";
import { about, stateTrouble, type Trouble } from "./troubles.ts";

const ENV = "mint-modules-prod/.env.prod";

/** What can be wrong before a production cutover of Mint, in the order in which the loop finds it. */
export function mintTroubles(): readonly Trouble[] {
  return [
    {
      subject: "tag-is-head",
      // Once the heads are kept: what was committed before is what the run begins with.
      from: ({ type }) => type === "heads",
      lay: (estate) =>
        void estate.run(
          "local",
          "git checkout -q --detach && git -c user.name=practice -c user.email=practice@example.org commit -q --allow-empty -m other",
        ),
      mend: (estate) => void estate.run("local", "git checkout -q main"),
    },
    stateTrouble("prep/dry-run", "faults/promote", "fail\n"),
    stateTrouble("prep/smoke", "services/quote-page/mode", "sick", about("quote-page", "check")),
  ];
}

/** The operator, who does what the plan asks before saying so. */
export function bootstraps(asked: Asked, { practice: { estate } }: Stage): Said | undefined {
  if (asked.about === "env") estate.run("docker-host", `echo MINIO_URL=x > ${ENV}`);
  const said = approve(asked);
  return asked.about === "signed-off" && said !== undefined ? { ...said, reason: "Cutover successful" } : said;
}
