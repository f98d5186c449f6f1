import type { Command } from "commander";
import type { RegistryChange } from "../operations/registry-write.ts";
import { table } from "../printers/table.ts";
import {
  type CommonOptions,
  contextFor,
  contextHere,
  finish,
  json,
  runIdFrom,
  type Session,
  withCommon,
  withPace,
  withVerdict,
} from "./session.ts";

/** Adds `registry check`, `generate`, `propose` and `freeze`. */
export function addRegistryCommands(program: Command, session: Session): void {
  const registry = program.command("registry").description("the frozen map from legacy ids to target UUIDs");
  withVerdict(registry.command("check"))
    .description("check registries by themselves and against the freeze")
    .argument("[modules...]", "module names (default: all)")
    .action(async (modules: string[], options: CommonOptions) => {
      const { checkRegistries } = await import("../operations/registry-check.ts");
      finish(
        session,
        await checkRegistries(contextFor(session, options), { runId: runIdFrom("registry-check"), modules }),
        options,
      );
    });
  withPace(withCommon(registry.command("generate")))
    .description("add an entry for every source record that has none; existing entries stay")
    .argument("[modules...]", "module names (default: all)")
    .action(async (modules: string[], options: CommonOptions) => {
      const { generateRegistries } = await import("../operations/registry-write.ts");
      print("generated", await generateRegistries(contextHere(session, options), modules), options);
    });
  withPace(withCommon(registry.command("propose")))
    .description("write missing entries into the report folder for review")
    .argument("[modules...]", "module names (default: all)")
    .action(async (modules: string[], options: CommonOptions) => {
      const { proposeRegistries } = await import("../operations/registry-write.ts");
      print("proposed", await proposeRegistries(contextHere(session, options), modules), options);
    });
  withCommon(registry.command("freeze"))
    .description("write the digests of the registries to the lock file; afterwards they may only grow")
    .argument("[modules...]", "module names (default: all)")
    .option("--accept-changed", "freeze a registry although a frozen entry changed", false)
    .action(async (modules: string[], options: CommonOptions & { readonly acceptChanged: boolean }) => {
      const { freezeRegistries } = await import("../operations/registry-freeze.ts");
      print("frozen", await freezeRegistries(contextHere(session, options), modules, options), options);
    });
}

function print(verb: string, changes: readonly RegistryChange[], options: CommonOptions): void {
  if (options.json === true) {
    process.stdout.write(json({ changes }));
    return;
  }
  const rows = changes.map(({ module, entries, added, file }) => [module, String(entries), String(added), file]);
  process.stdout.write(`${[verb, ...table([["module", "entries", "new", "file"], ...rows])].join("\n")}\n`);
}
