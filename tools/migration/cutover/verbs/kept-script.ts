import { quote } from "../process/ssh-script.ts";
import type { KeptFile } from "./kept-files.ts";

/** Words that every script of kept files knows; GNU, BSD and busybox have different programs for the same. */
const COMMON = String.raw`
umask 077
_sum() {
  if [ ! -e "$1" ] && [ ! -L "$1" ]; then printf '-'; return; fi
  if [ ! -f "$1" ]; then printf '%s is no regular file\n' "$1" >&2; exit 3; fi
  if command -v sha256sum >/dev/null; then sha256sum < "$1"; else shasum -a 256 < "$1"; fi | cut -d ' ' -f 1
}
_mode() { stat -c %a -- "$1" 2>/dev/null || stat -f %Lp -- "$1"; }
_durable() { sync -- "$1" 2>/dev/null || sync; }
_real() { if [ -L "$1" ]; then readlink -f -- "$1"; else printf '%s' "$1"; fi; }
`;

/** Keeps each file in a folder, durable before it says so: a line `sha256 mode` each, `- -` for one that is not there. */
export function keepScript(paths: readonly string[], folder: string, isHere: boolean): string {
  const keep = String.raw`
_keep() {
  _s=$(_sum "$2") || exit 3
  if [ "$_s" = - ]; then printf -- '- -\n'; return; fi
  cp -p -- "$2" "$_k/$1.new" && _durable "$_k/$1.new" && mv -f -- "$_k/$1.new" "$_k/$1" && _durable "$_k" || exit 3
  [ "$(_sum "$_k/$1")" = "$_s" ] || { printf '%s changes while it is read\n' "$2" >&2; exit 3; }
  printf '%s %s\n' "$_s" "$(_mode "$2")"
}`;
  const calls = paths.map((path, at) => `_keep ${at + 1} ${quote(path)}`);
  return `${COMMON}${keep}\n_k=${folderWord(folder, isHere)}\nmkdir -p -- "$_k" || exit 3\n${calls.join("\n")}\n`;
}

/** What each file and its kept bytes hold now: a line `sha256 sha256` each, `-` for none. */
export function lookScript(files: readonly KeptFile[]): string {
  const calls = files.map(({ path, copy, on }) => {
    const kept = folderWord(copy, on === null);
    return `_a=$(_sum ${quote(path)}) && _b=$(_sum ${kept}) && printf '%s %s\\n' "$_a" "$_b" || exit 3`;
  });
  return `${COMMON}${calls.join("\n")}\n`;
}

/** Exit code of a restore that found what nobody had written down. */
export const FOREIGN = 4;

/**
 * Brings each file back: all are compared before any is written. One that holds neither what the step left nor what was
 * before ends it with FOREIGN; where it is forced, what it holds is put aside beside the kept bytes.
 */
export function restoreScript(
  files: readonly (KeptFile & { readonly left: string | null | undefined })[],
  isForced: boolean,
): string {
  const restore = String.raw`
_compare() {
  _s=$(_sum "$1") || exit 3
  [ "$_s" = "$2" ] || [ "$_s" = "$3" ] || [ -n "$_force" ] || { printf '%s\n' "$1"; _foreign=1; }
}
_restore() {
  _p=$(_real "$1") _s=$(_sum "$1") || exit 3
  [ "$_s" = "$3" ] && { [ "$3" = - ] || chmod "$4" -- "$_p"; return; }
  if [ "$_s" != - ] && [ "$_s" != "$5" ]; then cp -p -- "$_p" "$2.found" && _durable "$2.found" || exit 3; fi
  if [ "$3" = - ]; then rm -f -- "$_p" || exit 3; _durable "$(dirname -- "$_p")"; return; fi
  [ "$(_sum "$2")" = "$3" ] || { printf 'the kept bytes of %s are gone\n' "$1" >&2; exit 3; }
  _t=$(dirname -- "$_p")/.$(basename -- "$_p").restore
  rm -f -- "$_t"
  cp -p -- "$2" "$_t" && chmod "$4" -- "$_t" && _durable "$_t" && mv -f -- "$_t" "$_p" || exit 3
  _durable "$(dirname -- "$_p")"
  [ "$(_sum "$1")" = "$3" ] || exit 3
}`;
  const words = files.map(({ path, copy, on, sha256, mode, left }) => ({
    file: quote(path),
    kept: folderWord(copy, on === null),
    was: sha256 ?? "-",
    mode: mode ?? "-",
    left: left === undefined ? "?" : (left ?? "-"),
  }));
  const compares = words.map(({ file, was, left }) => `_compare ${file} ${was} ${quote(left)}`);
  const restores = words.map(({ file, kept, was, mode, left }) =>
    ["_restore", file, kept, was, mode, quote(left)].join(" "),
  );
  return [
    `${COMMON}${restore}`,
    `_force=${isForced ? "1" : "''"} _foreign=''`,
    ...compares,
    `[ -z "$_foreign" ] || exit ${FOREIGN}`,
    ...restores,
    "",
  ].join("\n");
}

/** A path as a word of a shell; on another host it is below the home there. */
function folderWord(path: string, isHere: boolean): string {
  return isHere ? quote(path) : `"$HOME"/${quote(path)}`;
}
