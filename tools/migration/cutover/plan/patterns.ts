import type { Pattern } from "./action.ts";
import { substitute } from "./placeholders.ts";

/** A pattern as the plan writes it: `/…/flags`, or plain text of a regular expression. */
export function parsePattern(text: string): Pattern {
  const [, source, flags] = /^\/(.*)\/([imsu]*)$/s.exec(text) ?? [];
  // A path such as /spine/services/auth has no flags at its end, so it is plain.
  if (source === undefined || flags === undefined) return { source: text, flags: "" };
  return { source, flags };
}

/** The pattern with its values put in, every special character of them escaped. */
export function fillPattern(pattern: Pattern, valueFor: (name: string) => string): Pattern {
  return { source: substitute(pattern.source, (name) => escapeRegex(valueFor(name))), flags: pattern.flags };
}

/** Why a pattern does not compile on this Node; undefined where it does. */
export function patternProblem(pattern: Pattern): string | undefined {
  try {
    new RegExp(fillPattern(pattern, () => "x").source, pattern.flags);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : "it is no regular expression";
  }
}

/** The pattern as text. */
export function patternText(pattern: Pattern): string {
  return pattern.flags === "" ? pattern.source : `/${pattern.source}/${pattern.flags}`;
}

/** A text that a regular expression takes literally. */
export function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
