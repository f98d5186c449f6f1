import { closed, listOf, mapOf, NAMES, type SchemaPart, TEXT } from "./schema-words.ts";

const ROWS = listOf({ type: "object", additionalProperties: { type: ["string", "number"] } });

/** What the run cannot know and the documents print. */
export const PACK_SCHEMA: SchemaPart = closed({
  ip_map: ROWS,
  ip_note: TEXT,
  downtime: {
    ...closed({ from: TEXT, until: NAMES }, ["from", "until"]),
    description: "measured from the begin of this step until each of these checks passes again",
  },
  ways_back: {
    ...mapOf(closed({ service: TEXT, source: TEXT })),
    description: "what the rollback map calls the service and the source of the undo of a step",
  },
  names: { ...mapOf(TEXT), description: "what the documents call a check or step" },
  summary: { ...NAMES, description: "checks and steps that the execution summary tells of" },
  lan_only: { oneOf: [TEXT, listOf(TEXT)] },
  images: listOf(
    closed({ module: TEXT, image: TEXT, digest: TEXT, kind: TEXT, check: TEXT, first: { const: true } }, [
      "module",
      "image",
    ]),
  ),
  digests: { ...TEXT, description: "the check whose output holds the digests of the images" },
  migration_note: TEXT,
  objective: TEXT,
  deferred: listOf(TEXT),
  sweep: listOf(TEXT),
  adaptations: listOf(TEXT),
  docs: listOf(TEXT),
  repos: listOf(TEXT),
  pre: NAMES,
  post: NAMES,
  package: { type: "object", additionalProperties: { type: "string" } },
  checklist: listOf(TEXT),
  files: mapOf(TEXT),
});
