/** What mapping asks of a registry, whether it lies in the memory of one thread or of all. */
export interface RegistryLookup {
  readonly size: number;
  /** The index of the entry with exactly this legacy id, or -1. */
  lookup(legacyId: string): number;
  uuidAt(index: number): string;
  legacyIdAt(index: number): string;
}
