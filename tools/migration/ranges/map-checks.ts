import { compileEntityChecks } from "../checks/entity-checks.ts";
import type { EntityCheck } from "../checks/schema-check.ts";
import { type ByteWriter, compileByteWriter } from "../compiled/byte-writer.ts";
import { compileMatcher, type LineMatcher } from "../compiled/matcher.ts";
import { compileWriter, type EntityWriter } from "../compiled/writer.ts";
import type { Check } from "../model/finding.ts";
import type { ModuleDefinition } from "../model/module.ts";
import { mapRoom } from "./map-room.ts";
import { type MapShare, RangeMapping } from "./range-mapping.ts";

/** What the checks of every module are made with. */
export interface MapSetup {
  readonly phoneRegions: readonly string[];
  readonly checks: ReadonlySet<Check>;
}

/** The compiled parts of one module, kept by a worker between tasks. */
export class MapChecks {
  readonly module: ModuleDefinition;
  readonly thread: number;
  readonly matcher: LineMatcher | undefined;
  readonly writer: EntityWriter;
  readonly byteWriter: ByteWriter | undefined;
  readonly #phoneRegions: readonly string[];
  readonly #checks: ReadonlySet<Check>;
  #authority: EntityCheck | undefined;
  #mapping: RangeMapping | undefined;

  /** For a thread of those that the registries have room for. */
  constructor(module: ModuleDefinition, setup: MapSetup, thread = 0) {
    this.thread = thread;
    const { phoneRegions, checks } = setup;
    this.module = module;
    this.matcher = compileMatcher(module, mapRoom().matchers);
    this.writer = compileWriter(module);
    this.byteWriter = compileByteWriter(module);
    this.#phoneRegions = phoneRegions;
    this.#checks = checks;
  }

  get authority(): EntityCheck {
    this.#authority ??= compileEntityChecks(this.module, this.#phoneRegions, this.#checks);
    return this.#authority;
  }

  /** The mapping of the module; `share` is the same memory for every task of a run. */
  mapping(share: MapShare): RangeMapping {
    this.#mapping ??= new RangeMapping(this, share);
    return this.#mapping;
  }
}
