/** A pattern for the worker. */
export interface RegexTask {
  readonly source: string;
  readonly flags: string;
}

/** Patterns to try on one text. */
export interface RegexJob {
  readonly text: string;
  readonly patterns: readonly RegexTask[];
  /** Collect group 1 of every match instead of the first. */
  readonly all: boolean;
}

/** Per pattern: undefined where it does not match, else group 1 (or the whole match) of the matches found. */
export type RegexAnswer = readonly (readonly string[] | undefined)[];

/** Does a job; in the worker, because a pattern can take for ever. */
export function answerJob(job: RegexJob): RegexAnswer {
  return job.patterns.map(({ source, flags }) => {
    if (!job.all) {
      const found = new RegExp(source, flags).exec(job.text);
      return found === null ? undefined : [found[1] ?? found[0]];
    }
    const found = [...job.text.matchAll(new RegExp(source, `${flags}g`))];
    return found.length === 0 ? undefined : found.map((match) => match[1] ?? match[0]);
  });
}
