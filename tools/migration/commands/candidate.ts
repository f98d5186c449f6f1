import type { Command } from "commander";
import { diffText } from "../printers/diff-text.ts";
import { type CommonOptions, contextFor, json, type Session, withCommon } from "./session.ts";

interface EntityFlags extends CommonOptions {
  readonly input?: string;
}

/** Adds `diff`, `get`, `prove` and `verify-proof`, which look at finished candidates. */
export function addCandidateCommands(program: Command, session: Session): void {
  withCommon(program.command("diff"))
    .description("name every entity in which two candidates differ, opening only what differs")
    .argument("<a>", "candidate directory, the one before")
    .argument("<b>", "candidate directory, the one after")
    .action(async (a: string, b: string, options: CommonOptions) => {
      const { diff } = await import("../operations/diff.ts");
      const outcome = await diff(contextFor(session, options), [a, b]);
      const { summary, report } = outcome;
      process.stdout.write(options.json === true ? json({ ...summary, report }) : diffText(outcome));
      if (summary.totalDifferences > 0) session.setExitCode(16);
    });
  withInput(program.command("get"))
    .description("print one entity of a candidate, held to its digest")
    .argument("<module>", "module name")
    .argument("<id>", "UUID of the entity, or its legacy id")
    .action(async (module: string, id: string, options: EntityFlags) => {
      const { getEntity } = await import("../operations/prove.ts");
      process.stdout.write(`${getEntity(contextFor(session, options), await entityOf(module, id, options))}\n`);
    });
  withInput(program.command("prove"))
    .description("prove that one entity is in the candidate of a run root; the proof shows its digest alone")
    .argument("<module>", "module name")
    .argument("<id>", "UUID of the entity, or its legacy id")
    .action(async (module: string, id: string, options: EntityFlags) => {
      const { prove, proofText } = await import("../operations/prove.ts");
      const proof = await prove(contextFor(session, options), await entityOf(module, id, options));
      process.stdout.write(proofText(proof));
    });
  withCommon(program.command("verify-proof"))
    .description("check a proof by itself; needs neither candidate nor project")
    .argument("<file>", "what `prove` printed")
    .option("--run-root <hash>", "the run root that it must be about")
    .action(async (file: string, options: CommonOptions & { readonly runRoot?: string }) => {
      const { verifyProof } = await import("../operations/prove.ts");
      const result = verifyProof(file, options.runRoot);
      const { fault, module, id, sha256, runRoot } = result;
      const verdict = fault === undefined ? "holds" : `does not hold: ${fault}`;
      const text = `verify-proof: ${verdict}\nentity ${module} ${id}\nsha256 ${sha256}\nrun root ${runRoot}\n`;
      process.stdout.write(options.json === true ? json({ ...result, fault: fault ?? null }) : text);
      if (fault !== undefined) session.setExitCode(16);
    });
}

function withInput(command: Command): Command {
  return withCommon(command).option("--input <dir>", "candidate directory (default: storage_candidate/v1)");
}

async function entityOf(module: string, id: string, options: EntityFlags) {
  const { DEFAULT_INPUT } = await import("../operations/scan.ts");
  return { module, id, input: options.input ?? DEFAULT_INPUT };
}
