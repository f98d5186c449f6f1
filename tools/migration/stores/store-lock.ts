import { join } from "node:path";
import { MigrationError } from "../model/errors.ts";
import { type LinkLock, takeLinkLock } from "./link-lock.ts";
import { currentOwner, formatOwner, ownerState, parseOwner } from "./owner.ts";

/** Name of the lock in the candidate folder. */
export const LOCK_NAME = ".lock";
/** Names of the files that making a lock may leave behind when killed; each holds the record of its maker. */
export const LOCK_LEFTOVER = /^\.lock-/;

/** A held lock on a candidate folder. */
export type StoreLock = LinkLock;

/** Takes the lock of `dir`, said as "candidate folder"; LOCK_HELD when a living or foreign process has it. */
export function acquireLock(dir: string, command: string, what = "candidate folder"): StoreLock {
  const rules = {
    path: join(dir, LOCK_NAME),
    what: `the lock of the ${what}`,
    mayReplace,
    held: (text: string) => held(text, what),
    lost: () => lost(what),
  };
  return takeLinkLock(rules, formatOwner(currentOwner(command)));
}

function mayReplace(text: string): boolean {
  const owner = parseOwner(text);
  return owner !== undefined && ownerState(owner) === "dead";
}

function lost(what: string): MigrationError {
  return new MigrationError("LOCK_HELD", {
    message: `The lock of the ${what} was lost: another process removed or replaced it.`,
    remedy: "Find out who removed `.lock`, then run the command again.",
  });
}

function held(text: string, what: string): MigrationError {
  const owner = parseOwner(text);
  if (owner === undefined) {
    return new MigrationError("LOCK_HELD", {
      message: `The ${what} is locked by a record that cannot be read.`,
      remedy: "Make sure that no other run uses the folder, then remove `.lock` from it.",
    });
  }
  const { pid, host, command } = owner;
  const foreign = ownerState(owner) === "foreign";
  return new MigrationError("LOCK_HELD", {
    message: `The ${what} is locked by process ${pid} on host ${host}, running \`${command}\`.`,
    remedy: foreign
      ? `Make sure on host ${host} that process ${pid} has ended, then remove \`.lock\` from the folder.`
      : "Wait until that command has ended, then run this one again.",
  });
}
