import { mkdirSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { MigrationError } from "../../model/errors.ts";
import { isJsonObject } from "../../model/json.ts";
import { writeFileAtomic } from "../../stores/atomic-file.ts";
import { changePack } from "./change-pack.ts";
import { evidencePackage, signOffChecklist } from "./evidence.ts";
import type { OpenRun } from "./open-run.ts";
import { reportJson, reportJunit, reportTap, runReport } from "./report.ts";
import type { RunView } from "./run-view.ts";
import { loopScope } from "./scope.ts";

/** Documents by name; each is made from plan and journal alone, so that making it twice gives the same bytes. */
export const DOCUMENTS = {
  changepack: { file: "changepack.md", render: changePack },
  scope: { file: "scope.md", render: loopScope },
  evidence: { file: "evidence.txt", render: evidencePackage },
  checklist: { file: "checklist.md", render: signOffChecklist },
  json: { file: "report.json", render: (view: RunView) => reportJson(runReport(view)) },
  junit: { file: "report.xml", render: (view: RunView) => reportJunit(runReport(view)) },
  tap: { file: "report.tap", render: (view: RunView) => reportTap(runReport(view)) },
} as const;

/** Name of a document. */
export type DocumentName = keyof typeof DOCUMENTS;

/** A document that was written. */
export interface WrittenDocument {
  readonly name: DocumentName;
  /** Relative to the project. */
  readonly path: string;
  readonly content: string;
}

/** The text of one document; with problems, marked in a way that nobody can miss. */
export function renderDocument({ view, problems }: Pick<OpenRun, "view" | "problems">, name: DocumentName): string {
  const text = DOCUMENTS[name].render(view);
  if (problems.length === 0) return text;
  const lines = ["UNSEALED: the evidence of this run cannot be trusted.", ...problems];
  if (name === "json") return `${JSON.stringify({ unsealed: lines, ...JSON.parse(text) }, undefined, 2)}\n`;
  if (name === "junit") return text.replace("?>\n", `?>\n<!-- ${lines.join(" ").replaceAll("--", "- -")} -->\n`);
  if (name === "tap") return text.replace("\n", `\n${lines.map((line) => `# ${line}`).join("\n")}\n`);
  if (name === "evidence") return `${text}${lines.join(" ")}\n`;
  const banner = `> **${lines.join(" ")}**\n\n`;
  // Front matter is only front matter on the first line.
  const at = text.startsWith("---\n") ? text.indexOf("\n---\n", 4) + 5 : 0;
  return `${text.slice(0, at)}${at > 0 ? "\n" : ""}${banner}${text.slice(at).replace(/^\n/, "")}`;
}

/** Writes documents into `docs` of the run, and those with a place of their own in the plan also there. */
export function writeDocuments(
  root: string,
  opened: OpenRun,
  names: readonly DocumentName[],
): readonly WrittenDocument[] {
  return names.flatMap((name) => {
    const content = renderDocument(opened, name);
    const places = [join(opened.run.docs, DOCUMENTS[name].file), ...placeOf(root, opened.view, name)];
    return places.map((path) => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileAtomic(path, content, { mode: 0o600 });
      return { name, path: relative(root, path), content };
    });
  });
}

/** `pack.files` of the plan: a path below the project for a document; `<id>` stands for the id of the plan. */
function placeOf(root: string, view: RunView, name: DocumentName): readonly string[] {
  const files = view.plan.pack["files"];
  const given = isJsonObject(files) ? files[name] : undefined;
  if (typeof given !== "string") return [];
  const path = resolve(root, given.replaceAll("<id>", view.plan.id));
  const below = relative(root, path);
  if (below !== "" && !below.startsWith("..") && !isAbsolute(below)) return [path];
  throw new MigrationError("USAGE", {
    message: `The plan puts the document ${name} at ${given}, which is outside of the project.`,
    remedy: "Give a path below the project in `pack.files`.",
  });
}
