/**
 * Imports an ES module by its name, as found from the program, or by its address. Apart from everything else, because a
 * program whose code is kept cannot import by itself.
 */
export function importModule(name: string): Promise<unknown> {
  return import(name);
}
