import { readFileSync } from "node:fs";
import type { JsonObject } from "../../model/json.ts";
import { COMMAND_DEFAULTS, type CommandResult, type CommandSpec } from "./command.ts";
import { startCommand } from "./run-command.ts";

/** A lock on what a cutover changes: a folder made with mkdir there, so that two hosts cannot change it at once (F71). */
export interface TargetLockPlace {
  /** Path on the target; relative to the home of a remote host, or to `cwd` here. */
  readonly path: string;
  readonly ssh: CommandSpec["ssh"];
  readonly cwd: string | null;
  /** Private folder for the command that does it; a new one each time. */
  readonly folder: string;
}

/** Who holds it. `head` is a copy of the journal's head that lies outside of the run folder. */
export interface TargetOwner {
  readonly change: string;
  readonly run: string;
  readonly host: string;
  readonly user: string;
  readonly since: string;
  readonly fence: number;
  readonly head: JsonObject;
}

/** `other` = another run holds it; `unknown` = the target could not be asked. */
export type TargetAnswer =
  | { readonly state: "held" }
  | { readonly state: "other"; readonly owner: string }
  | { readonly state: "unknown"; readonly reason: string };

/**
 * Takes the lock, or writes a new head into it where this run has it already. A run with a smaller driver number than the
 * one in the lock is refused; another run is put aside only with `force`, for which a person signs.
 */
export async function takeTargetLock(
  place: TargetLockPlace,
  owner: TargetOwner,
  options: { readonly force: boolean },
): Promise<TargetAnswer> {
  const variables = {
    lock_path: place.path,
    lock_run: `"run":${JSON.stringify(owner.run)}`,
    lock_fence: String(owner.fence),
    lock_owner: JSON.stringify(owner),
    lock_force: options.force ? "yes" : "no",
  };
  return answerOf(await runScript(place, TAKE, variables));
}

/** Gives the lock back; one that belongs to another run stays. */
export async function releaseTargetLock(
  place: TargetLockPlace,
  owner: Pick<TargetOwner, "run">,
): Promise<TargetAnswer> {
  const variables = { lock_path: place.path, lock_run: `"run":${JSON.stringify(owner.run)}` };
  return answerOf(await runScript(place, RELEASE, variables));
}

/** Exit code of a script that found another owner. */
const OTHER = 30;

const TAKE = String.raw`
owner=$lock_path/owner
if ! mkdir -- "$lock_path" 2>/dev/null; then
  [ -d "$lock_path" ] || { echo "$lock_path cannot be made" >&2; exit 31; }
  if grep -qsF -- "$lock_run" "$owner"; then
    held=$(sed -n 's/.*"fence":\([0-9][0-9]*\).*/\1/p' "$owner")
    [ "\${held:-0}" -le "$lock_fence" ] || { cat "$owner"; exit 30; }
  elif [ "$lock_force" != yes ]; then
    cat "$owner" 2>/dev/null || echo "a driver that did not say who it is"
    exit 30
  fi
fi
printf '%s\n' "$lock_owner" > "$owner.new" && mv -f -- "$owner.new" "$owner"
`.replaceAll("\\$", "$");

const RELEASE = `
owner=$lock_path/owner
[ -d "$lock_path" ] || exit 0
grep -qsF -- "$lock_run" "$owner" || { cat "$owner" 2>/dev/null; exit 30; }
rm -f -- "$owner" && rmdir -- "$lock_path"
`;

async function runScript(
  place: TargetLockPlace,
  text: string,
  variables: Readonly<Record<string, string>>,
): Promise<CommandResult> {
  const { folder, ssh, cwd } = place;
  const given = { folder, text, variables, cwd, ssh, input: null };
  const command = await startCommand({ ...COMMAND_DEFAULTS, timeoutMs: 30_000, ...given });
  return command.result;
}

function answerOf(result: CommandResult): TargetAnswer {
  if (result.exit === 0) return { state: "held" };
  if (result.exit === OTHER) return { state: "other", owner: readFileSync(result.out, "utf8").trim() };
  const said = readFileSync(result.err, "utf8").trim();
  const reason = [said, ...result.notes].filter((text) => text !== "").join("; ");
  return { state: "unknown", reason: reason === "" ? `exit code ${result.exit ?? "unknown"}` : reason };
}
