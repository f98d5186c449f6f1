import { type CommandSpec, SSH_PATIENCE, type SshTarget } from "./command.ts";
import { WRAPPER } from "./wrapper.ts";

/** Seconds between two looks at the size of the output on the remote host. */
const LOOK_S = 0.2;

/**
 * What the remote bash is told to do: `launch` starts the command unless its folder is taken, and waits; `attach` closes
 * the folder if nothing came, else waits; `end` asks the wrapper to end the command.
 */
export type SshErrand = "launch" | "attach" | "end";

/** First line of the answer: the errand arrived. */
export const ARRIVED = "cutover 1 here";

/** The script that travels on stdin: nothing of the command is in an argument list, here or there. */
export function sshScript(spec: CommandSpec, target: SshTarget, errand: SshErrand): string {
  const exports = Object.entries(spec.variables).map(([name, value]) => `export ${name}=${quote(value)}`);
  const seconds = [spec.timeoutMs, spec.graceMs].map((ms) => String(ms / 1000));
  const start = [
    `printf '%s' ${quote(spec.text)} > "$_f/cmd"`,
    ...(spec.input === null ? [] : [`printf '%s' ${quote(spec.input)} > "$_f/in"`]),
    ...exports,
    `_wrapper=${quote(WRAPPER)}`,
    `_begin "$_f" ${seconds.join(" ")} ${spec.capBytes} ${LOOK_S} ${spec.cwd === null ? '"$HOME"' : quote(spec.cwd)} "$_f" "$_umask"`,
  ];
  const body = {
    launch: ['if [ ! -e "$_f/claim" ]; then', ...start, "fi", "_report"],
    attach: ["_close", "_report"],
    end: ["_end"],
  };
  const turns = Math.ceil((target.patience ?? SSH_PATIENCE).wrapperMs / 1000 / LOOK_S);
  // One function: bash has read all of it before it does any of it, so that half a script does nothing.
  return `_cutover() {\n${COMMON}\n_f="$HOME"/.cutover/${quote(target.folder)} _cap=${spec.capBytes} _patience=${turns}\n${PREPARE}\n${body[errand].join("\n")}\n}\n_cutover </dev/null\n`;
}

/** `value` as one word of a shell. */
export function quote(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

const PREPARE = `_umask=$(umask)
umask 077
mkdir -p "$_f" || exit 126
printf '%s\\n' '${ARRIVED}'
cd "$HOME" || exit 126`;

const COMMON = String.raw`
unset BASH_ENV ENV OPS_CAP_AUTO_APPROVE
_begin() {
  # A session of its own: what happens to the connection does not reach it.
  if command -v setsid >/dev/null; then
    setsid bash --noprofile --norc -u -c "$_wrapper" cutover "$@" </dev/null >/dev/null 2>"$_f/wrapper.err" &
  else
    nohup bash --noprofile --norc -u -c "$_wrapper" cutover "$@" </dev/null >/dev/null 2>"$_f/wrapper.err" &
  fi
  wait $!
}
_close() {
  set -C
  if printf '' 2>/dev/null > "$_f/claim"; then printf 'void\n'; exit 0; fi
  set +C
}
# Fills _pid and _start; false while the wrapper has not said who it is.
_who() {
  [ -s "$_f/pid" ] && read -r _pid _start _boot _ < "$_f/pid"
}
_alive() {
  _who || return 1
  kill -0 "$_pid" 2>/dev/null || return 1
  [ -r "/proc/$_pid/stat" ] || return 0
  read -r _stat 2>/dev/null < "/proc/$_pid/stat" || return 1
  set -- \${_stat##*) }
  [ "\${20}" = "$_start" ]
}
_report() {
  while [ ! -e "$_f/rc" ]; do
    if ! _alive && [ ! -e "$_f/rc" ]; then
      # A wrapper that has just begun has not said who it is.
      if _who || [ "$_patience" = 0 ]; then printf 'lost\n'; exit 0; fi
      _patience=$((_patience - 1))
    fi
    sleep 0.2
  done
  for _n in rc t0 t1 ended left; do
    [ ! -e "$_f/$_n" ] || while read -r _l; do printf '%s %s\n' "$_n" "$_l"; done < "$_f/$_n"
  done
  # What was left behind may still write: both lengths are fixed before anything is sent.
  _out=$(head -c "$((_cap + 1))" "$_f/out" | wc -c | tr -d ' ')
  _err=$(head -c "$((_cap + 1))" "$_f/err" | wc -c | tr -d ' ')
  printf 'size out %s\nsize err %s\nended\n' "$_out" "$_err"
  head -c "$_out" "$_f/out"
  head -c "$_err" "$_f/err"
}
_end() {
  _alive && kill -TERM "$_pid"
  printf 'asked\n'
}`.replaceAll("\\$", "$");
