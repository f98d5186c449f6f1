import type { Stats } from "node:fs";
import { type FindingSink, finding } from "../model/finding.ts";
import type { FindingCode } from "../model/finding-codes.ts";
import {
  CHECKSUMS_NAME,
  CHUNKS_NAME,
  DATA_NAME,
  ENTITIES_NAME,
  MERKLE_NAME,
  RUN_NAME,
} from "../stores/module-files.ts";
import { type Modes, modesOf } from "../stores/release-store.ts";
import { listFolder, statPath } from "./candidate-files.ts";

/**
 * Reports missing, unexpected and mistyped paths and wrong modes of a candidate against the modules it should hold; of
 * a release, against the modes that were decided for it.
 */
export function checkLayout(input: string, modules: readonly string[], sink: FindingSink): void {
  const scope: Scope = { input, modes: modesOf(input), sink, place: {} };
  checkFolder(scope, "", [CHECKSUMS_NAME, ...modules]);
  checkFolder(scope, CHECKSUMS_NAME, [RUN_NAME]);
  for (const module of modules) {
    if (statPath(input, module) === undefined) {
      sink(finding("MODULE_MISSING", { module, file: module }));
      continue;
    }
    const inModule: Scope = { ...scope, place: { module } };
    checkFolder(inModule, module, [CHECKSUMS_NAME, DATA_NAME]);
    checkFolder(inModule, `${module}/${CHECKSUMS_NAME}`, [CHUNKS_NAME, ENTITIES_NAME, MERKLE_NAME]);
  }
}

interface Scope {
  readonly input: string;
  readonly modes: Modes;
  readonly sink: FindingSink;
  readonly place: { readonly module?: string };
}

const FOLDERS_AT_TOP = 1;

function checkFolder(scope: Scope, folder: string, expected: readonly string[]): void {
  const { input, sink, place } = scope;
  const stats = statPath(input, folder);
  if (stats === undefined) {
    sink(finding("FILE_MISSING", { ...place, file: `${folder}/` }));
    return;
  }
  if (!stats.isDirectory()) {
    sink(finding("FILE_TYPE", { ...place, file: folder, expected: "a directory", got: typeName(stats) }));
    return;
  }
  checkMode(scope, folder === "" ? "." : folder, stats, scope.modes.folder);
  const present = listFolder(input, folder);
  for (const name of present) {
    if (expected.includes(name)) continue;
    const file = folder === "" ? name : `${folder}/${name}`;
    const isFolderAtTop = folder === "" && statPath(input, file)?.isDirectory() === true;
    const code: FindingCode = isFolderAtTop ? "MODULE_UNEXPECTED" : "FILE_UNEXPECTED";
    sink(finding(code, { ...place, file }));
  }
  for (const name of expected) checkFile(scope, folder, name);
}

function checkFile(scope: Scope, folder: string, name: string): void {
  const { input, sink, place } = scope;
  const file = folder === "" ? name : `${folder}/${name}`;
  const isFolder = folder.split("/").length === FOLDERS_AT_TOP && (folder === "" || name === CHECKSUMS_NAME);
  if (isFolder) return;
  const stats = statPath(input, file);
  if (stats === undefined) {
    sink(finding("FILE_MISSING", { ...place, file }));
  } else if (!stats.isFile()) {
    sink(finding("FILE_TYPE", { ...place, file, expected: "a regular file", got: typeName(stats) }));
  } else checkMode(scope, file, stats, scope.modes.file);
}

function checkMode({ sink, place }: Scope, file: string, stats: Stats, expected: number): void {
  const mode = stats.mode & 0o7777;
  if (mode === expected) return;
  sink(finding("FILE_MODE", { ...place, file, expected: octal(expected), got: octal(mode) }));
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

function typeName(stats: Stats): string {
  if (stats.isSymbolicLink()) return "a symbolic link";
  if (stats.isDirectory()) return "a directory";
  return stats.isFile() ? "a regular file" : "a special file";
}
