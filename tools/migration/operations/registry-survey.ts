import { existsSync } from "node:fs";
import { join } from "node:path";
import { MigrationError } from "../model/errors.ts";
import type { Finding } from "../model/finding.ts";
import { type RegistrySurvey, type SurveyTools, surveyRegistry } from "../registry/survey.ts";
import { type Context, turn } from "./context.ts";
import { registryFile } from "./registry-files.ts";

/** Faults of a registry that an error names one by one. */
const NAMED_FAULTS = 10;

/** Surveys the registries of `modules`, each of which must be there, reporting their faults. */
export async function surveyRegistries(
  context: Context,
  modules: readonly { readonly name: string }[],
  tools: Omit<SurveyTools, "turn">,
): Promise<ReadonlyMap<string, RegistrySurvey>> {
  const surveys = new Map<string, RegistrySurvey>();
  for (const { name } of modules) surveys.set(name, await survey(context, name, tools));
  return surveys;
}

/** The survey of a module's registry, undefined where there is none; `REGISTRY_INVALID` where it has a fault. */
export async function surveyFaultless(
  context: Context,
  module: string,
  folder: SurveyTools["folder"],
): Promise<RegistrySurvey | undefined> {
  const file = registryFile(context.root, module);
  if (!existsSync(join(context.root, file))) return undefined;
  const faults: Finding[] = [];
  const sink = (found: Finding): void => {
    if (faults.length < NAMED_FAULTS) faults.push(found);
  };
  const found = await survey(context, module, { folder, sink });
  if (found.faults === 0) return found;
  throw new MigrationError("REGISTRY_INVALID", {
    message: `The registry ${file} has ${found.faults === 1 ? "a fault" : `${found.faults} faults`}; it is left as it is.`,
    problems: faults.map(({ code, message, line }) => `${code}: ${message} (line ${line ?? "?"})`),
    remedy: `candor registry check ${module}`,
  });
}

function survey(context: Context, module: string, tools: Omit<SurveyTools, "turn">): Promise<RegistrySurvey> {
  const file = registryFile(context.root, module);
  const input = { module, file, path: join(context.root, file) };
  return surveyRegistry(input, { ...tools, turn: () => turn(context) });
}
