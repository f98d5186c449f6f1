import type { JsonObject } from "../../model/json.ts";
import { type DriverOptions, openRun } from "./open-run.ts";
import { checkSignature, refused, signRequestOf } from "./signatures.ts";

/**
 * Puts the driver of another host aside: somebody has made sure that it is gone, and signs for that. Its number is old from
 * here on, and should it come back it stops before its next step (F73).
 */
export async function takeOver(options: DriverOptions, id: string | undefined, body: JsonObject): Promise<string> {
  if (typeof body["reason"] !== "string" || body["reason"] === "") throw refused("A take-over needs a --reason.");
  const run = openRun({ ...options, takeOver: true }, id);
  try {
    const sign = checkSignature(run, { ...signRequestOf(body), about: "take-over" });
    const { driver, tookOver } = run.parts.lock;
    const from = tookOver === undefined ? "nobody" : `process ${tookOver.pid} on ${tookOver.host}`;
    run.record({ type: "takeover", step: null, attempt: null, data: { fence: driver.fence, from, sign } });
    return `took over from ${from}; go on with candor cutover resume`;
  } finally {
    await run.close();
  }
}
