import t from "tap";
import { FAILED, TRANSFORM_FUNCTIONS } from "../../tools/migration/mapping/transforms.ts";

t.test("a time keeps everything it was given, or fails", async (t) => {
  t.equal(TRANSFORM_FUNCTIONS.time("9:30"), "09:30");
  t.equal(TRANSFORM_FUNCTIONS.time("09:30:00"), "09:30");
  for (const text of ["09:30:15", "24:00", "9:3", "09:30:00.5"]) t.equal(TRANSFORM_FUNCTIONS.time(text), FAILED, text);
});
