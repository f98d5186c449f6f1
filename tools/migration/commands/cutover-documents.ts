import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import type { DocumentName } from "../cutover/documents/render.ts";
import type { VerifiedRun } from "../cutover/documents/verify-run.ts";
import type { Head } from "../cutover/journal/chain.ts";
import { MigrationError, systemCode } from "../model/errors.ts";
import { receiptsText, sealedText, verifiedText, writtenText } from "../printers/cutover-documents-text.ts";
import { type CommonOptions, contextHere, json, type Session, withCommon } from "./session.ts";

interface RunOptions extends CommonOptions {
  readonly run?: string;
}

/** Adds `verify`, `pack`, `scope`, `evidence` and `seal` to the group `cutover`. */
export function addDocumentCommands(cutover: Command, session: Session): void {
  addVerify(cutover, session);
  addRender(cutover, session, { name: "pack", about: "write the change pack of a run", documents: ["changepack"] });
  addRender(cutover, session, {
    name: "scope",
    about: "write the loop scope and closeout of a run",
    documents: ["scope"],
  });
  addRender(cutover, session, {
    name: "evidence",
    about: "write the evidence package, the sign-off checklist and the reports of a run",
    documents: ["evidence", "checklist", "json", "junit", "tap"],
  });
  addSeal(cutover, session);
}

function addVerify(cutover: Command, session: Session): void {
  withRun(cutover.command("verify"))
    .description("check chain, plan, outputs, signatures and statement of a run")
    .option("--head <seq:hash>", "a head of the journal that was kept elsewhere")
    .option("--key <file>", "public key (PEM) that the statement must be signed with")
    .action(async (options: RunOptions & { readonly head?: string; readonly key?: string }) => {
      const { verifyRun } = await import("../cutover/documents/verify-run.ts");
      const { parsePublicKey } = await import("../integrity/dsse.ts");
      const { root } = contextHere(session, options);
      const verified = verifyRun(root, await runIdOf(root, options), {
        ...(options.head === undefined ? {} : { head: headFrom(options.head) }),
        ...(options.key === undefined ? {} : { key: parsePublicKey(readKey(options.key), options.key) }),
      });
      process.stdout.write(options.json === true ? json(verified) : verifiedText(verified, session.invocation));
      if (verified.problems.length > 0) session.setExitCode(verdictOf(verified));
    });
}

/** A journal that cannot be read to its end is no verdict about the rest. */
function verdictOf({ problems }: VerifiedRun): 16 | 17 {
  return problems.some((one) => /^(Record [0-9]+ of the journal|Evidence truncated)/.test(one)) ? 17 : 16;
}

interface RenderCommand {
  readonly name: string;
  readonly about: string;
  readonly documents: readonly DocumentName[];
}

function addRender(cutover: Command, session: Session, { name, about, documents }: RenderCommand): void {
  withRun(cutover.command(name))
    .description(about)
    .option("--unsealed", "also from records that cannot be trusted; the document says so", false)
    .action(async (options: RunOptions & { readonly unsealed: boolean }) => {
      const { openRun } = await import("../cutover/documents/open-run.ts");
      const { writeDocuments } = await import("../cutover/documents/render.ts");
      const { root } = contextHere(session, options);
      const opened = openRun(root, await runIdOf(root, options), options);
      const written = writeDocuments(root, opened, documents);
      const paths = written.map(({ name: document, path }) => ({ document, path }));
      const { receiptProblems } = opened.view;
      const text = writtenText(written) + receiptsText(receiptProblems);
      process.stdout.write(options.json === true ? json({ written: paths, receiptProblems }) : text);
      if (receiptProblems.length > 0) session.setExitCode(16);
    });
}

function addSeal(cutover: Command, session: Session): void {
  withRun(cutover.command("seal"))
    .description("add the commits of a run that has ended, write its documents, and state them")
    .option("--commit <repo=sha...>", "the final commit of a repository", [])
    .option("--key <file>", "private Ed25519 key (PEM) to sign the statement with")
    .action(async (options: RunOptions & { readonly commit: readonly string[]; readonly key?: string }) => {
      const { sealRun } = await import("../cutover/documents/seal.ts");
      const { parseSigningKey } = await import("../integrity/dsse.ts");
      const { systemClock } = await import("../cutover/time/clock.ts");
      const { root } = contextHere(session, options);
      const key = options.key === undefined ? undefined : parseSigningKey(readKey(options.key), options.key);
      const commits = new Map(options.commit.map(commitFrom));
      const sealed = sealRun(root, await runIdOf(root, options), { clock: systemClock(), commits, key });
      const { documents, ...rest } = sealed;
      const paths = documents.map(({ name, path }) => ({ document: name, path }));
      const text = sealedText(sealed) + receiptsText(sealed.receiptProblems);
      process.stdout.write(options.json === true ? json({ ...rest, written: paths }) : text);
      if (sealed.receiptProblems.length > 0) session.setExitCode(16);
    });
}

function withRun(command: Command): Command {
  return withCommon(command).option("--run <id>", "the run (default: the only one there is)");
}

async function runIdOf(root: string, options: RunOptions): Promise<string> {
  if (options.run !== undefined) return options.run;
  const { listRuns, RUNS } = await import("../cutover/journal/run-directory.ts");
  const runs = listRuns(root);
  const [only] = runs;
  if (only !== undefined && runs.length === 1) return only;
  throw new MigrationError(runs.length === 0 ? "RUN_MISSING" : "USAGE", {
    message: runs.length === 0 ? `There is no cutover run in ${RUNS}.` : `There are ${runs.length} cutover runs.`,
    problems: runs,
    remedy: "Name one with `--run`.",
  });
}

function headFrom(text: string): Head {
  const [, seq, hash] = /^([0-9]{1,9}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq !== undefined && hash !== undefined) return { seq: Number(seq), hash };
  throw new MigrationError("USAGE", { message: `--head takes a number, a colon and 64 hex digits, got ${text}.` });
}

function commitFrom(text: string): readonly [string, string] {
  const at = text.lastIndexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new MigrationError("USAGE", { message: `--commit takes <repository>=<commit>, got ${text}.` });
}

function readKey(file: string): string {
  try {
    return readFileSync(resolve(file), "utf8");
  } catch (error) {
    throw new MigrationError("USAGE", {
      message: `The key file ${file} cannot be read (${systemCode(error) ?? "unknown error"}).`,
      cause: error,
    });
  }
}
