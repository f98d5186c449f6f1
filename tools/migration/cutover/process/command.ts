/** The process that runs a command; enough for another driver to find it, or to know that it is gone. */
export interface SpawnedCommand {
  readonly pid: number;
  readonly processStart: string | null;
  readonly bootId: string | null;
}

/** A host of the plan as the ssh client takes it. */
export interface SshTarget {
  /** `host` or `user@host`; everything else is in the user's ssh configuration. */
  readonly destination: string;
  /** Further arguments of the ssh client, e.g. `-F <file>`. */
  readonly options: readonly string[];
  /** Name of the remote folder below `~/.cutover/`: `<run>/<number>-<name>.<attempt>`. */
  readonly folder: string;
  /** SSH_PATIENCE unless given. */
  readonly patience?: SshPatience;
}

/** How long a host may be silent before it is given up. */
export interface SshPatience {
  /** Seconds between two signs of life; a connection that owes three is given up. */
  readonly aliveSeconds: number;
  /** How long a host that was never reached is tried. */
  readonly unreachedMs: number;
  /** How long a command that has begun there may take to say who it is. */
  readonly wrapperMs: number;
}

/** A connection that says nothing for 15 s is given up (F24). */
export const SSH_PATIENCE: SshPatience = { aliveSeconds: 5, unreachedMs: 15_000, wrapperMs: 5000 };

/** One command to be run in a process group of its own, output in files. */
export interface CommandSpec {
  /** Absolute path of the folder for `cmd`, `out`, `err`, `t0`, `t1`, `rc`; made here (0700) unless it is there. */
  readonly folder: string;
  /** Bash text, as it stands in the plan: `${name}` is a real shell variable. */
  readonly text: string;
  /** Exported variables: the plan's variables, `env` and secrets. Values hold no NUL. */
  readonly variables: Readonly<Record<string, string>>;
  /** Working directory; on a remote host relative to the home there, or null for that home. */
  readonly cwd: string | null;
  readonly timeoutMs: number;
  /** From TERM to KILL; with the timeout a bound of all but a second or two. */
  readonly graceMs: number;
  /** Cap of `out` and of `err`, each. */
  readonly capBytes: number;
  /** What the command reads on stdin, or null for /dev/null. */
  readonly input: string | null;
  /** Null = on this host. */
  readonly ssh: SshTarget | null;
}

/** Named defaults of a CommandSpec. */
export const COMMAND_DEFAULTS = {
  timeoutMs: 300_000,
  graceMs: 10_000,
  capBytes: 64 * 1024 * 1024,
} as const;

/**
 * Why a command ended: by itself, at its timeout, at the cap of its output, or on request. `not-started` = it certainly
 * never ran and never will (the host could not be reached). `lost` = nobody can know any more (reboot, wrapper killed,
 * host gone).
 */
export type CommandEnd = "exit" | "timeout" | "output" | "terminated" | "not-started" | "lost";

/** A process that outlived the command. */
export interface Survivor {
  readonly pid: number;
  readonly command: string;
  /** True when it was in the group and was killed; false when it had left the group and still runs. */
  readonly killed: boolean;
}

/** What is in the folder once the command has ended. */
export interface CommandResult {
  readonly end: CommandEnd;
  /** Null when lost or not started. A command that died of signal n gives 128+n, as shells say. */
  readonly exit: number | null;
  /** Name of that signal, or null. */
  readonly signal: string | null;
  /** RFC 3339 by the clock of the host where it ran; null where not even that is known. */
  readonly start: string | null;
  readonly finish: string | null;
  readonly ms: number | null;
  /** Absolute paths of the raw output, 0600. */
  readonly out: string;
  readonly err: string;
  readonly truncated: { readonly out: boolean; readonly err: boolean };
  readonly survivors: readonly Survivor[];
  /** Variables of the driver's environment that were kept from the command (F105). */
  readonly stripped: readonly string[];
  /** True when another driver had started it. */
  readonly recovered: boolean;
  /** Short sentences on what else is not as usual, for the receipt. */
  readonly notes: readonly string[];
}

/** A command that was started, here or by a driver that is dead. */
export interface RunningCommand {
  /** For the record `step.spawn`. */
  readonly process: SpawnedCommand;
  /** Never rejects for anything the command does. */
  readonly result: Promise<CommandResult>;
  /** TERM, grace, KILL to the whole group. */
  readonly terminate: () => void;
  /** Stops watching and lets this process end; the command runs on, and another driver can find it. */
  readonly leave: () => void;
}

/** What a second driver finds of a command whose driver is dead. */
export type Recovery =
  /** It never started, and never will: its folder is closed for a late wrapper. Run it as the next attempt. */
  | { readonly state: "not-started" }
  | { readonly state: "running"; readonly command: RunningCommand }
  | { readonly state: "ended"; readonly result: CommandResult }
  | { readonly state: "unknown"; readonly reason: string };
