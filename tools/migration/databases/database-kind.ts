/** Engines behind a network address. */
export const SERVER_KINDS = ["postgres", "mysql"] as const;

/** An engine behind a network address; `mysql` is MariaDB too. */
export type ServerKind = (typeof SERVER_KINDS)[number];

/** An engine whose tables can be read and made. */
export type DatabaseKind = ServerKind | "sqlite";
