import { join } from "node:path";
import { PROJECT } from "../config/paths.ts";
import { loadProject } from "../config/project.ts";
import { MigrationError } from "../model/errors.ts";
import type { Finding } from "../model/finding.ts";
import { assertFreezable, compareWithLock } from "../registry/compare-with-lock.ts";
import { FingerprintDigest } from "../registry/fingerprints.ts";
import { freezeRegistry, lockFileText, type RegistryLock } from "../registry/lock.ts";
import { findSharedIds } from "../registry/shared-uuids.ts";
import type { RegistrySurvey } from "../registry/survey.ts";
import type { StagedFile } from "../stores/atomic-file.ts";
import { SpillFolder } from "../stores/spill-folder.ts";
import { type Context, turn } from "./context.ts";
import { pickModules } from "./pick-modules.ts";
import { fingerprintsFile, readLock, registryFile } from "./registry-files.ts";
import { surveyFaultless } from "./registry-survey.ts";
import type { RegistryChange } from "./registry-write.ts";
import { COMMITTED, stageText } from "./write-text.ts";

/** Shared ids that an error names one by one. */
const NAMED_IDS = 10;

/** Writes the digests of the registries to the lock file; a changed one is refused unless `acceptChanged`. */
export async function freezeRegistries(
  context: Context,
  names: readonly string[],
  options: { readonly acceptChanged: boolean },
): Promise<readonly RegistryChange[]> {
  const { root } = context;
  const project = loadProject(root);
  const lock = readLock(root);
  const picked = pickModules(project.modules, names);
  const folder = new SpillFolder(join(root, PROJECT.reports));
  try {
    const surveys = new Map<string, RegistrySurvey>();
    for (const { name } of project.modules) {
      const survey = await surveyFaultless(context, name, folder);
      if (survey !== undefined) surveys.set(name, survey);
    }
    assertDistinct([...surveys.values()], folder);
    const own = picked.map(({ name }) => surveys.get(name) ?? missing(root, name));
    for (const survey of own) {
      const sidecar = join(root, fingerprintsFile(survey.module));
      const comparison = compareWithLock(survey, { lock, sidecar, folder }, () => {});
      if (!options.acceptChanged) assertFreezable(survey.module, comparison);
      await turn(context);
    }
    return await writeLock(context, lock, own);
  } finally {
    folder.close();
  }
}

/**
 * Stages the fingerprints and then the lock, and publishes the lock first: a registry that equals its lock is in order
 * whatever its fingerprints are, and freezing it again writes them; the other way round a kill would make a false alarm.
 */
async function writeLock(
  context: Context,
  before: RegistryLock,
  surveys: readonly RegistrySurvey[],
): Promise<readonly RegistryChange[]> {
  const { root } = context;
  const lock = new Map(before);
  const staged: StagedFile[] = [];
  try {
    for (const survey of surveys) {
      const { module } = survey;
      const digest = new FingerprintDigest();
      staged.push(stageText(root, fingerprintsFile(module), digest.lines(survey.entries()), COMMITTED));
      lock.set(module, freezeRegistry(survey, digest.end()));
      await turn(context);
    }
    staged.unshift(stageText(root, PROJECT.lock, [lockFileText(lock)], COMMITTED));
    for (const file of staged) file.publish();
  } finally {
    // A file that took its place has no other name any more.
    for (const file of staged) file.discard();
  }
  return surveys.map(({ module, size }) => {
    const added = size - (before.get(module)?.entries ?? 0);
    return { module, file: PROJECT.lock, entries: size, added };
  });
}

function missing(root: string, name: string): never {
  throw new MigrationError("REGISTRY_MISSING", {
    message: `Freezing ${name}: expected the file ${registryFile(root, name)}, got none.`,
    remedy: `candor registry generate ${name}`,
  });
}

/** REGISTRY_INVALID where an id was given out by two registries: frozen, it would stay so for good. */
function assertDistinct(surveys: readonly RegistrySurvey[], folder: SpillFolder): void {
  const shared: Finding[] = [];
  let count = 0;
  findSharedIds(surveys, folder, (found) => {
    count += 1;
    if (shared.length < NAMED_IDS) shared.push(found);
  });
  if (count === 0) return;
  throw new MigrationError("REGISTRY_INVALID", {
    message: `Freezing: expected a targetUuid in one registry alone, got ${count} in two; nothing was frozen.`,
    problems: shared.map(({ module, id, got }) => `${module ?? ""} ${id ?? ""}: ${got ?? ""}`),
    remedy: "`candor registry check` names every one; give each entry a UUID of its own.",
  });
}
