import { under } from "../../config/paths.ts";
import { MigrationError } from "../../model/errors.ts";
import type { JsonObject, JsonValue } from "../../model/json.ts";
import { assertWayBack, linkName, moveLink, prepareLinkFlip } from "../../operations/flip-link.ts";
import { type LinkValue, readLink } from "../../stores/live-link.ts";
import type { Flip } from "../plan/action.ts";
import type { Pointer } from "./flip.ts";
import { flipMarks, operationContext } from "./flip-context.ts";
import { fill } from "./values.ts";
import type { VerbContext } from "./verb.ts";

/** The live link, bound to a release by its root. */
export function linkPointer(flip: Extract<Flip, { kind: "link" }>, context: VerbContext): Pointer {
  const operation = operationContext(context);
  const link = fill(flip.link, context);
  const path = under(context.root, link);
  // Asked late: the way back is looked at before a step has saved the root.
  const rootOf = (): string => fill(flip.root, context);
  return {
    text: () => `flip ${link} to the release ${rootOf()}`,
    look: async () => {
      const root = rootOf();
      const { scanAgeMs, allow } = flip;
      const prepared = await prepareLinkFlip(operation, { link, root, scanAgeMs, allow });
      assertWayBack(prepared.link, prepared.from);
      const { from, to, target, proof } = prepared;
      return { from, to, target, root, scan: { at: proof.at, sha256: proof.sha256 } };
    },
    place: async (before) => {
      const value = readLink(path);
      if (value === linkValue(before["to"])) return "new";
      return value === linkValue(before["from"]) ? "old" : "elsewhere";
    },
    move: async ({ from, to }) =>
      moveLink(operation, { link: path, from: linkValue(from), to: linkValue(to) }, flipMarks(context)),
    back: async ({ from, to }) => {
      const move = { link: path, from: linkValue(to), to: linkValue(from) };
      moveLink(operation, move, { ...flipMarks(context), isBack: true });
    },
    missing: async () => wayBackProblems(path, readLink(path)),
    gone: async ({ from }) => wayBackProblems(path, linkValue(from)),
    record: ({ from, to, scan }) => ({
      pointer: linkName(operation, path),
      from: linkValue(from),
      to: linkValue(to),
      root: rootOf(),
      scanSha256: scanDigest(scan),
    }),
  };
}

function wayBackProblems(link: string, value: LinkValue): readonly string[] {
  try {
    assertWayBack(link, value);
    return [];
  } catch (error) {
    if (error instanceof MigrationError) return [error.message];
    throw error;
  }
}

function linkValue(value: JsonValue | undefined): LinkValue {
  return typeof value === "string" ? value : null;
}

function scanDigest(scan: JsonValue | undefined): string | null {
  const sha256 = (scan as JsonObject | undefined)?.["sha256"];
  return typeof sha256 === "string" ? sha256 : null;
}
