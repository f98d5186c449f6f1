import { isUtf8 } from "node:buffer";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MigrationError, systemCode } from "../../model/errors.ts";
import { isJsonObject } from "../../model/json.ts";
import { checkSchema } from "./check-schema.ts";
import { lintActions } from "./lint-actions.ts";
import { LintBook } from "./lint-book.ts";
import { lintNames } from "./lint-names.ts";
import { lintSecrets } from "./lint-secrets.ts";
import { lintSql } from "./lint-sql.ts";
import { lintStops } from "./lint-stops.ts";
import { lintUses } from "./lint-uses.ts";
import { lintValues } from "./lint-values.ts";
import { parsePlan } from "./parse-plan.ts";
import type { Plan } from "./plan.ts";
import { readYaml } from "./yaml-source.ts";

/** A plan with what lint says of it; the plan is there unless its form is broken. */
export interface LintedPlan {
  readonly plan: Plan | undefined;
  readonly book: LintBook;
}

/** The plan in this text, trusted from here on; PLAN_INVALID with every error and its line. `file` is for messages. */
export function parsePlanText(text: string, file: string, root?: string): Plan {
  const { plan, book } = lintPlanText(text, root);
  book.throwIfAny(file);
  if (plan === undefined) throw new MigrationError("INTERNAL", { message: "A plan without errors was not parsed." });
  return plan;
}

/** Reads and checks a plan file; PLAN_INVALID as `parsePlanText`. */
export function loadPlan(path: string, file: string, root: string): Plan {
  return parsePlanText(readPlanText(path, file), file, root);
}

/** Everything lint has to say about a text; with `root`, also about files that must be there. */
export function lintPlanText(text: string, root?: string): LintedPlan {
  const book = new LintBook();
  const source = readYaml(text, book);
  if (source === undefined) return { plan: undefined, book };
  checkSchema(source, book);
  lintSecrets(source, book);
  if (book.errors > 0 && !isParsable(text, book)) return { plan: undefined, book };
  const plan = parsePlan(source, text);
  lintNames(plan, book);
  lintValues(plan, book);
  lintActions(plan, book);
  lintSql(plan, book);
  lintUses(plan, book);
  lintRelated(plan, book);
  lintStops(plan, book);
  lintFiles(plan, book, root);
  return { plan: book.errors === 0 ? plan : undefined, book };
}

/** Names and values are only worth looking at once the form is right; a literal secret does not hide them. */
function isParsable(text: string, book: LintBook): boolean {
  return (
    text !== "" && book.messages.every((one) => one.severity !== "error" || one.text.startsWith("looks like a secret"))
  );
}

/** X07: commands of another document that calls itself the authority count only where an undo names them in its `else`. */
function lintRelated({ front }: Plan, book: LintBook): void {
  for (const file of front.related) {
    book.notice(
      1,
      "related",
      `${file} is not run: this plan is the authority, and what differs there may stand in an \`else\``,
    );
  }
}

function lintFiles(plan: Plan, book: LintBook, root: string | undefined): void {
  for (const asset of plan.assets) {
    if (root !== undefined && !existsSync(join(root, asset))) book.error(1, "assets", `${asset} is not there`);
  }
  const images = plan.pack["images"];
  for (const image of Array.isArray(images) ? images : []) {
    const digest: unknown = isJsonObject(image) ? image["digest"] : undefined;
    if (typeof digest === "string" && !/^sha256:[0-9a-f]{64}$/.test(digest)) {
      book.error(1, "pack/images", `${digest} is no digest: expected sha256: and 64 hex digits`);
    }
  }
}

/** The bytes of a plan file as text; PLAN_INVALID where there is no such file or it is not UTF-8. */
export function readPlanText(path: string, file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new MigrationError("PLAN_INVALID", {
      message: `The plan ${file} cannot be read (${systemCode(error) ?? "unknown error"}).`,
      remedy: "Name a plan file, such as migration/cutover/station56.yaml.",
      cause: error,
    });
  }
  if (isUtf8(bytes)) return bytes.toString("utf8");
  throw new MigrationError("PLAN_INVALID", { message: `The plan ${file} is not UTF-8.` });
}
