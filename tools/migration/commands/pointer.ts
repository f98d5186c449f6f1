import type { Command } from "commander";
import { MigrationError } from "../model/errors.ts";
import type { PointerState } from "../operations/pointer.ts";
import { pointerText } from "../printers/pointer-text.ts";
import { durationFrom } from "./duration.ts";
import { type CommonOptions, contextFor, contextHere, json, type Session, withCommon } from "./session.ts";

interface FlipFlags extends CommonOptions {
  readonly back: boolean;
  readonly scanAge: string;
  readonly allowAccess: boolean;
}

const HOUR_MS = 3_600_000;

/** Adds `promote`, `pointer show` and `pointer flip`. */
export function addPointerCommands(program: Command, session: Session): void {
  withCommon(program.command("promote"))
    .description("make the immutable release storage/releases/<root> from the candidate, and verify it")
    .argument("[root]", "the run root that the candidate must have")
    .option("--replace", "make a release anew that does not verify, unless a pointer needs it", false)
    .action(async (root: string | undefined, options: CommonOptions & { readonly replace: boolean }) => {
      const { promote } = await import("../operations/promote.ts");
      assertRoot(root);
      const made = await promote(contextHere(session, options), { root, replace: options.replace });
      const text = `${made.made ? "promoted" : "there already, and verified:"} ${made.release}\nrun root ${made.root}\n`;
      process.stdout.write(options.json === true ? json(made) : text);
    });
  const pointer = program.command("pointer").description("the link through which an application finds its data");
  withCommon(pointer.command("show"))
    .description("tell where the live pointer leads, from where it came, and which releases there are")
    .action(async (options: CommonOptions) => {
      const { showPointer } = await import("../operations/pointer.ts");
      const state: PointerState = showPointer(contextFor(session, options));
      process.stdout.write(options.json === true ? json(state) : pointerText(state));
    });
  withCommon(pointer.command("flip"))
    .description("make the release of a root live, or go back to what was live before the last flip")
    .argument("[root]", "run root of a release with a passing scan")
    .option("--back", "go back to the value before the last flip; needs no scan", false)
    .option("--scan-age <time>", "how old the passing scan may be, e.g. 30m or 2h", "1h")
    .option("--allow-access", "accept that readers of the old target may not be able to read the new one", false)
    .action(async (root: string | undefined, options: FlipFlags) => {
      const flipped = await flip(session, root, options);
      const text = `${flipped.pointer}: ${flipped.from ?? "absent"} -> ${flipped.to ?? "absent"}\n`;
      process.stdout.write(options.json === true ? json(flipped) : text);
    });
}

async function flip(session: Session, root: string | undefined, options: FlipFlags): Promise<Flipped> {
  const { flipBack, flipPointer } = await import("../operations/pointer.ts");
  const context = contextHere(session, options);
  if (options.back === (root !== undefined)) {
    throw new MigrationError("USAGE", {
      message: "pointer flip takes a run root, or --back.",
      remedy: "`candor pointer show` lists the releases; `candor pointer flip --back` goes back.",
    });
  }
  assertRoot(root);
  if (root === undefined) return flipBack(context, { tag: TAG });
  const scanAgeMs = durationFrom("--scan-age", options.scanAge) ?? HOUR_MS;
  return flipPointer(context, { root, scanAgeMs, allow: options.allowAccess ? ["owner", "mode"] : [] }, { tag: TAG });
}

/** A report shows the first digits of a root, which are not enough to name one. */
function assertRoot(root: string | undefined): void {
  if (root === undefined || /^[0-9a-f]{64}$/.test(root)) return;
  throw new MigrationError("USAGE", {
    message: `A run root has 64 digits, 0 to 9 and a to f; got ${root.length} characters.`,
    remedy: "`candor report --json` and `candor pointer show --json` give roots in full.",
  });
}

/** All flips by hand share a tag: each sweeps what a killed one left, and the lock keeps them apart. */
const TAG = "candor";

type Flipped = ReturnType<typeof import("../operations/pointer.ts").flipBack>;
