import t from "tap";
import { candor } from "../helpers/cli-project.ts";
import { writeSmallProject } from "../helpers/small-project.ts";

t.test("a part of a run root names none: wrong use, and nothing is looked for", async (t) => {
  const root = t.testdir({});
  writeSmallProject(root);
  for (const given of ["abc", "0".repeat(63), "A".repeat(64), `${"0".repeat(64)} `]) {
    for (const command of [["promote"], ["pointer", "flip"]]) {
      const run = candor(root, [...command, given]);
      t.match(run, { code: 2, stderr: /^error USAGE: A run root has 64 digits/ }, `${command.join(" ")} ${given}`);
    }
  }
  t.notMatch(candor(root, ["promote", "0".repeat(64)]), { stderr: /^error USAGE/ }, "a whole one is looked for");
});
