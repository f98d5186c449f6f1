import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { COMMAND_DEFAULTS, type CommandSpec, SSH_PATIENCE } from "./command.ts";
import { hasEnded } from "./command-folder.ts";
import { recoverLocal, startLocal } from "./local-command.ts";
import { sshScript } from "./ssh-script.ts";

/**
 * Ends a command that a dead driver has left and for whose result nobody waits; true where one was still running. On
 * another host it is asked to end over the connection that it had, and runs to its time limit where that host is silent.
 */
export async function endLeft(folder: string, remoteFolder: string): Promise<boolean> {
  if (!existsSync(join(folder, "cmd")) || hasEnded(folder)) return false;
  const connections = connectionsOf(folder);
  const last = connections.at(-1);
  const found = await recoverLocal(specOf(last ?? folder));
  if (found.state !== "running") return false;
  if (last !== undefined) await askToEnd(join(folder, `ssh.${connections.length + 1}`), last, remoteFolder);
  found.command.terminate();
  await found.command.result;
  return true;
}

/** Folders of the connections to another host, in order. */
function connectionsOf(folder: string): readonly string[] {
  const found: string[] = [];
  for (let number = 1; existsSync(join(folder, `ssh.${number}`)); number++) found.push(join(folder, `ssh.${number}`));
  return found;
}

/** The line of the connection before, with another errand. */
async function askToEnd(folder: string, before: string, remoteFolder: string): Promise<void> {
  const ssh = { destination: "", options: [], folder: remoteFolder };
  const script = sshScript(specOf(before), ssh, "end");
  const text = readFileSync(join(before, "cmd"), "utf8");
  const given = { variables: { CUTOVER_SCRIPT: script }, timeoutMs: SSH_PATIENCE.unreachedMs };
  const asking = await startLocal({ ...specOf(folder), text, graceMs: 1000, ...given });
  await asking.result;
}

/** Only its folder is known of it; what does not end by itself is killed after the grace. */
function specOf(folder: string): CommandSpec {
  const unknown = { text: "", variables: {}, cwd: null, input: null, ssh: null };
  return { ...COMMAND_DEFAULTS, ...unknown, folder, timeoutMs: 0 };
}
