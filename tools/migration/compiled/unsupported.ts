/** Thrown and caught inside this folder: a part of a schema that no fast path is compiled for. */
export class Unsupported extends Error {}

/** Gives a part of a schema up to the authority. */
export function unsupported(what: string): never {
  throw new Unsupported(what);
}
