import { readFileSync } from "node:fs";
import { MigrationError } from "../../model/errors.ts";
import type { Verb } from "../plan/action.ts";
import type { Kept, KeptFile } from "./kept-files.ts";
import { FOREIGN, keepScript, lookScript, restoreScript } from "./kept-script.ts";
import { resultAt, stamp } from "./results.ts";
import { commandSpec, runCommand } from "./shell.ts";
import { fill } from "./values.ts";
import type { VerbContext, VerbDriver, VerbResult } from "./verb.ts";

type RestoreVerb = Extract<Verb, { kind: "restore" }>;

const LIMIT_MS = 60_000;

/** `restore`: files of a step brought back to the bytes and the mode that they had before it (X10). */
export const restoreDriver: VerbDriver<RestoreVerb> = {
  prepare: async (verb, context) => {
    selected(verb, context);
    return { text: `restore ${verb.files.map((file) => fill(file, context)).join(", ")}`, preImage: null };
  },
  run: async (verb, context) => {
    const start = stamp(context);
    const files = selected(verb, context);
    const on = files[0]?.on ?? undefined;
    const text = restoreScript(files, context.kept?.isForced === true);
    const spec = commandSpec({ text, on, input: null }, { ...context, dir: files[0]?.dir ?? undefined });
    const result = await runCommand(spec, context);
    if (result.outcome !== "asked" || result.exit === 0) return result;
    if (result.exit !== FOREIGN) return { ...result, outcome: "failed", reason: `not restored: ${saidBy(result)}` };
    const reason = `FILE_CHANGED: ${files.map(({ path }) => path).join(", ")}: somebody else wrote since; nothing was overwritten`;
    return resultAt(start, context, { outcome: "failed", reason, out: result.out, err: result.err });
  },
  // Comparing before it writes, it is safe to do again.
  recover: async () => undefined,
};

/** Keeps files of a step before it begins; REFUSED where that cannot be done. */
export async function keepFiles(
  paths: readonly string[],
  on: string | undefined,
  copies: string,
  context: VerbContext,
): Promise<readonly KeptFile[]> {
  const isHere = on === undefined;
  const lines = await ask(keepScript(paths, copies, isHere), on, context);
  return paths.map((path, at) => {
    const [sha256 = "-", mode = "-"] = lines[at]?.split(" ") ?? [];
    return {
      path,
      on: on ?? null,
      dir: context.dir ?? null,
      copy: `${copies}/${at + 1}`,
      sha256: sha256 === "-" ? null : sha256,
      mode: mode === "-" ? null : mode,
    };
  });
}

/** What files hold now, and whether their kept bytes are still there: digests, null for none. */
export async function lookAtFiles(
  files: readonly KeptFile[],
  context: VerbContext,
): Promise<readonly { readonly now: string | null; readonly kept: string | null }[]> {
  const [first] = files;
  const lines = await ask(lookScript(files), first?.on ?? undefined, { ...context, dir: first?.dir ?? undefined });
  return files.map((_, at) => {
    const [now = "-", kept = "-"] = lines[at]?.split(" ") ?? [];
    return { now: now === "-" ? null : now, kept: kept === "-" ? null : kept };
  });
}

/** Why files cannot be brought back as they were, a sentence each; empty where they can. */
export async function restoreProblems(kept: Kept, context: VerbContext): Promise<readonly string[]> {
  const found = await lookAtFiles(kept.files, context);
  return kept.files.flatMap(({ path, on, sha256 }, at) => {
    const { now, kept: bytes } = found[at] ?? { now: null, kept: null };
    const place = on === null ? path : `${path} on ${on}`;
    if (bytes !== sha256) return [`the kept bytes of ${place} are gone, or are others`];
    const left = kept.left?.[at];
    if (kept.isForced || now === sha256 || (left !== undefined && now === left)) return [];
    return [`FILE_CHANGED: ${place} holds neither what the step left nor what was before: somebody else wrote it`];
  });
}

function saidBy({ err }: VerbResult): string {
  return err === null ? "" : readFileSync(err.path, "utf8").trim();
}

function selected(verb: RestoreVerb, context: VerbContext) {
  const { files = [], left } = context.kept ?? {};
  return verb.files.map((name) => {
    const path = fill(name, context);
    const at = files.findIndex((file) => file.path === path);
    const file = files[at];
    if (file !== undefined) return { ...file, left: left?.[at] };
    throw new MigrationError("REFUSED", {
      message: `The bytes that ${path} had before were not kept: no step of this undo names it under \`writes\`.`,
    });
  });
}

/** Runs a script and gives its lines; REFUSED where it fails. */
async function ask(text: string, on: string | undefined, context: VerbContext): Promise<readonly string[]> {
  const quiet: VerbContext = { ...context, timeoutMs: LIMIT_MS, spawned: () => {}, input: undefined };
  const result = await runCommand(commandSpec({ text, on, input: null }, quiet), quiet);
  if (result.outcome === "asked" && result.exit === 0 && result.out !== null) {
    return readFileSync(result.out.path, "utf8").split("\n");
  }
  throw new MigrationError("REFUSED", {
    message: `The files that it writes could not be looked at${on === undefined ? "" : ` on ${on}`}: ${result.reason ?? saidBy(result)}.`,
    remedy: "Make them readable, or the host reachable, then try again.",
  });
}
