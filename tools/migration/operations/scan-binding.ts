import { join } from "node:path";
import { readSmallFile } from "../checks/candidate-files.ts";
import { PROJECT } from "../config/paths.ts";
import type { Project } from "../config/project.ts";
import { toolVersion } from "../config/tool-version.ts";
import { stringifyChecked } from "../integrity/canonical.ts";
import { sha256Hex } from "../integrity/digest.ts";
import { MigrationError } from "../model/errors.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import { stampOf } from "../sources/file-stamp.ts";
import { CHECKSUMS_NAME, MERKLE_NAME, moduleFiles, RUN_NAME } from "../stores/module-files.ts";
import { readProgress, type SavedProgress } from "../stores/progress-file.ts";
import { registryFile } from "./registry-files.ts";
import type { ModulePlan } from "./scan-plan.ts";

const FORMAT = "candor-resume/1";

/** What a scan that can be resumed depends on. */
export interface ScanBinding {
  readonly command: string;
  readonly level: string;
  readonly input: string;
  readonly rangeBytes: number;
  readonly plans: readonly ModulePlan[];
  readonly project: Project | undefined;
}

/** Where the progress of a command is kept. */
export function progressPath(root: string, command: string): string {
  return join(root, PROJECT.reports, `.resume-${command}.jsonl`);
}

/** The first line of a progress file: digests of everything that the finished ranges depend on; UNVERIFIABLE where it cannot be read. */
export function progressHead(binding: ScanBinding): JsonObject {
  const { command, level, input, rangeBytes, plans, project } = binding;
  const candidate = plans.map(({ name, chunkList }) => {
    const files = moduleFiles(input, name);
    const merkle = smallDigest(input, `${name}/${CHECKSUMS_NAME}/${MERKLE_NAME}`);
    return [name, chunkList.sha256, merkle, stampOf([files.data, files.entities])];
  });
  return {
    format: FORMAT,
    command,
    level,
    candidate: digestOf([smallDigest(input, `${CHECKSUMS_NAME}/${RUN_NAME}`), candidate]),
    configuration: project === undefined ? "" : configurationDigest(project),
    registries: project === undefined ? "" : registriesDigest(project),
    tool: digestOf([toolVersion(), rangeBytes]),
  };
}

/** The progress to go on from; RESUME_REFUSED where there is none or where it belongs to something else. */
export function openProgress(root: string, command: string, head: JsonObject | undefined): SavedProgress {
  const saved = readProgress(progressPath(root, command));
  if (saved === undefined) throw refusal(`There is no stopped ${command} to resume.`, []);
  if (head === undefined) throw refusal(`The candidate is not the one that the stopped ${command} looked at.`, []);
  const others = Object.keys(head).filter((name) => head[name] !== saved.head[name]);
  if (others.length === 0) return saved;
  const problems = others.map((name) => `${name}: expected what it was when the scan began, got something else`);
  throw refusal(`The stopped ${command} cannot be resumed: it was bound to something else.`, problems);
}

function refusal(message: string, problems: readonly string[]): MigrationError {
  return new MigrationError("RESUME_REFUSED", {
    message,
    problems,
    remedy: "Run the command without --resume; it begins anew.",
  });
}

function configurationDigest(project: Project): string {
  const { configDigest, modules, phoneRegions, waivers } = project;
  const parts = [configDigest, modules.map(({ name, digests }) => [name, { ...digests }]), [...phoneRegions]];
  return digestOf([...parts, waivers as unknown as JsonValue]);
}

/** Registries are read anew by a resumed scan; they only must not have been written in between. */
function registriesDigest({ root, modules }: Project): string {
  return digestOf([
    stampOf([join(root, PROJECT.lock), ...modules.map(({ name }) => join(root, registryFile(root, name)))]),
  ]);
}

function smallDigest(input: string, file: string): string {
  return sha256Hex(readSmallFile(input, file) ?? "");
}

function digestOf(parts: readonly JsonValue[]): string {
  return sha256Hex(stringifyChecked(parts));
}
