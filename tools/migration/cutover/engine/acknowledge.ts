import { durationText } from "../plan/durations.ts";
import type { Acknowledged, Acknowledgement } from "../verbs/verb.ts";
import type { Run } from "./run.ts";
import { waitFor } from "./wait-for.ts";

/**
 * Waits until every role has said `done` about this, or one has said `failed`. Words from before a crash count, those from
 * before record `round` or before it was decided to try again do not.
 */
export async function acknowledge(
  run: Run,
  asked: Acknowledgement,
  signal: AbortSignal,
  round: number,
): Promise<Acknowledged> {
  const about = asked.item === undefined ? asked.name : `${asked.name}[${asked.item}]`;
  const since = Math.max(
    round,
    run.state.signs.findLast((sign) => sign.about === about && sign.say === "again")?.seq ?? -1,
  );
  const said = (): Acknowledged | undefined => answerOf(run, asked, about, since);
  const already = said();
  if (already !== undefined) return already;
  announce(run, asked, about);
  const answer = await answerWithin(run, said, signal, asked.timeoutMs);
  if (run.state.mode === "WAITING") run.record(stateRecord("RUNNING", null));
  if (answer !== undefined) return answer;
  const nobody = { isDone: false, fields: {} };
  if (signal.aborted) return { ...nobody, reason: "ended before anybody answered", timedOut: false };
  return { ...nobody, reason: `not answered within ${durationText(asked.timeoutMs)}`, timedOut: true };
}

/** Undefined where the time was over, or the signal came. */
async function answerWithin(
  run: Run,
  said: () => Acknowledged | undefined,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<Acknowledged | undefined> {
  if (timeoutMs === 0) return await waitFor(run, said, signal);
  const [over, answered] = [new AbortController(), new AbortController()];
  const sleeping = run.clock.sleep(timeoutMs, answered.signal).then(() => over.abort());
  try {
    return await waitFor(run, said, AbortSignal.any([signal, over.signal]));
  } finally {
    answered.abort();
    await sleeping;
  }
}

/** What was said so far; undefined while somebody has not answered. */
export function answerOf(run: Run, asked: Acknowledgement, about: string, since: number): Acknowledged | undefined {
  const signs = asked.by.map((role) =>
    run.state.signs.findLast(
      (sign) => sign.seq > since && sign.about === about && sign.role === role && isAnswer(sign.say),
    ),
  );
  const refused = signs.find((sign) => sign?.say === "failed");
  if (refused !== undefined)
    return {
      isDone: false,
      reason: `${refused.role} says: ${refused.reason ?? "failed"}`,
      fields: {},
      timedOut: false,
    };
  if (signs.some((sign) => sign === undefined)) return undefined;
  const fields = Object.assign({}, ...signs.map((sign) => sign?.fields ?? {})) as Record<string, string>;
  return { isDone: true, reason: null, fields, timedOut: false };
}

function isAnswer(say: string): boolean {
  return say === "done" || say === "failed";
}

function announce(run: Run, asked: Acknowledgement, about: string): void {
  const fields = asked.ask.map((name) => ` --field ${name}=…`).join("");
  run.record({ ...stateRecord("WAITING", `${asked.by.join(", ")}: ${asked.text}`), step: about });
  for (const role of asked.by) {
    run.parts.say(
      `waiting for ${role}: ${asked.text}\n  candor cutover sign --role ${role} --say done --for ${about}${fields}`,
    );
  }
}

function stateRecord(state: string, reason: string | null) {
  return { type: "run.state", step: null, attempt: null, data: { state, reason } } as const;
}
