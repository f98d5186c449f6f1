import type { PointerState } from "../operations/pointer.ts";

/** The state of the live pointer as a person reads it. */
export function pointerText(state: PointerState): string {
  const lines = [
    `${state.pointer} ${state.value === null ? "is absent" : `-> ${state.value}`}`,
    ...(state.value !== null && state.target === null ? ["  it leads to nothing that could be read"] : []),
    ...(state.target === null ? [] : [`run root ${state.root ?? "none: this is no candidate or release"}`]),
    ...(state.scan === null ? [] : [`last passing scan ended ${state.scan.at}`]),
    ...(state.before === null ? [] : [`before  ${state.before}`]),
    ...(state.moved ? ["MOVED: it does not hold what the last flip left"] : []),
    ...state.releases.map((root) => `release ${root}${root === state.root ? "  (live)" : ""}`),
  ];
  return `${lines.join("\n")}\n`;
}
