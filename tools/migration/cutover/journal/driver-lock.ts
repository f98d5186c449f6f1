import { readFileSync } from "node:fs";
import { MigrationError, systemCode } from "../../model/errors.ts";
import { isJsonObject } from "../../model/json.ts";
import { toStoreError, writeFileAtomic } from "../../stores/atomic-file.ts";
import { type LinkLock, type LinkLockRules, readLinkLock, takeLinkLock } from "../../stores/link-lock.ts";
import { currentOwner, type Owner, ownerState, parseOwner } from "../../stores/owner.ts";
import type { Clock } from "../time/clock.ts";
import type { RunDirectory } from "./run-directory.ts";

/** Who drives a run. */
export interface Driver extends Owner {
  /** Grows with each driver of a run: who comes back with a smaller one has been put aside. */
  readonly fence: number;
  /** RFC 3339. */
  readonly since: string;
}

/** The lock of a run, held by this process. */
export interface DriverLock {
  readonly driver: Driver;
  /** The dead or put-aside driver whose place was taken, or undefined where the lock was free. */
  readonly tookOver: Driver | undefined;
  /** LOCK_HELD when another driver has taken over; to be called before each step. */
  readonly assertHeld: () => void;
  readonly release: () => void;
}

/** What a driver takes the lock with. */
export interface LockOptions {
  readonly clock: Clock;
  /** The command as typed, for the one who is refused. */
  readonly command: string;
  /** Put a driver of another host aside. A person has made sure that it is gone; they sign for it. */
  readonly takeOver?: boolean;
}

/**
 * Takes the lock of a run. A dead driver of this host is replaced by itself; a living one never; one of another host
 * only with `takeOver`. LOCK_HELD names host, process and since when.
 */
export function takeDriverLock(run: RunDirectory, options: LockOptions): DriverLock {
  for (;;) {
    const before = driverOf(run);
    // Who is refused leaves nothing behind.
    if (before !== undefined && !isReplaceable(before, options)) throw lockHeld(before);
    const fence = Math.max(readFence(run), before?.fence ?? 0) + 1;
    const driver: Driver = { ...currentOwner(options.command), fence, since: options.clock.wall().toISOString() };
    // Written before the lock is made: a number may be lost, but none is given twice.
    writeFileAtomic(run.fence, `${fence}\n`, { mode: 0o600 });
    let replaced: Driver | undefined;
    let isStale = false;
    const rules: LinkLockRules = {
      ...lockOf(run),
      mayReplace: (text) => {
        const owner = parseDriver(text);
        if (owner === undefined || !isReplaceable(owner, options)) return false;
        // Another driver came and died meanwhile: our number must be above its.
        isStale = owner.fence >= fence;
        if (!isStale) replaced = owner;
        return !isStale;
      },
      held: (text) => lockHeld(parseDriver(text)),
      lost,
    };
    try {
      const lock = takeLinkLock(rules, formatDriver(driver));
      return heldLock(lock, driver, replaced);
    } catch (error) {
      if (!isStale) throw error;
    }
  }
}

/** The driver of a run, dead or alive, or undefined where nobody holds the lock (or its record cannot be read). */
export function driverOf(run: RunDirectory): Driver | undefined {
  const text = readLinkLock(lockOf(run));
  return text === undefined ? undefined : parseDriver(text);
}

/** Whether a driver that can act on requests lives; `foreign` = on another host, nobody here can tell. */
export function driverState(run: RunDirectory): "none" | "alive" | "dead" | "foreign" {
  const driver = driverOf(run);
  return driver === undefined ? "none" : ownerState(driver);
}

function heldLock(lock: LinkLock, driver: Driver, tookOver: Driver | undefined): DriverLock {
  return { driver, tookOver, assertHeld: () => lock.assertHeld(), release: () => lock.release() };
}

function lockOf(run: RunDirectory): { path: string; what: string } {
  return { path: run.lock, what: "the lock of the run" };
}

function isReplaceable(owner: Driver, options: LockOptions): boolean {
  const state = ownerState(owner);
  return state === "dead" || (state === "foreign" && options.takeOver === true);
}

function formatDriver(driver: Driver): string {
  return `${JSON.stringify(driver)}\n`;
}

function parseDriver(text: string): Driver | undefined {
  const owner = parseOwner(text);
  if (owner === undefined) return undefined;
  // parseOwner has just read it as an object.
  const value: unknown = JSON.parse(text);
  if (!isJsonObject(value)) return undefined;
  const { fence, since } = value;
  if (typeof fence !== "number" || !Number.isSafeInteger(fence) || typeof since !== "string") return undefined;
  return { ...owner, fence, since };
}

function readFence(run: RunDirectory): number {
  try {
    const fence = Number(readFileSync(run.fence, "utf8"));
    return Number.isSafeInteger(fence) ? fence : 0;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return 0;
    throw toStoreError(error, "Reading the number of the last driver");
  }
}

function lockHeld(driver: Driver | undefined): MigrationError {
  if (driver === undefined) {
    return new MigrationError("LOCK_HELD", {
      message: "The run is locked by a record that cannot be read.",
      remedy: "Make sure that no driver works on the run, then remove `lock` from its folder.",
    });
  }
  const { pid, host, command, since } = driver;
  const foreign = ownerState(driver) === "foreign";
  return new MigrationError("LOCK_HELD", {
    message: `The run is driven by process ${pid} on host ${host} since ${since}, running \`${command}\`.`,
    remedy: foreign
      ? `Make sure on host ${host} that process ${pid} has ended; then \`candor cutover take-over\` signs for it.`
      : "`candor cutover status` shows it; sign, hold, trigger and gate reach it while it runs.",
  });
}

function lost(): MigrationError {
  return new MigrationError("LOCK_HELD", {
    message: "This driver has been put aside: the lock of the run belongs to another one.",
    remedy: "`candor cutover status` names it. Start nothing here any more.",
  });
}
