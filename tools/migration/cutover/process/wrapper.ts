/**
 * The wrapper of every command, as the text of a bash script; it runs in a session of its own and outlives its driver.
 *
 * Arguments: folder, timeout in seconds, grace in seconds, cap in bytes, seconds between two looks at the size of the
 * output (0 = somebody else looks), working directory, mark, umask of the command.
 *
 * Order matters, because a driver can die at any point: `claim` (made once, by the wrapper or by a driver that closes the
 * folder), `pid`, `t0`, and only then the command; `rc` comes last, by rename. Room for `rc` and `t1` is taken before, so
 * that a full disk does not lose the result. The command has its own process group: a KILL to it leaves the wrapper to
 * tell the tale. Names begin with an underscore, because every other name may be a variable of the plan. Bash 4 or later.
 */
export const WRAPPER = String.raw`
_d=$1 _timeout=$2 _grace=$3 _cap=$4 _look=$5 _cwd=$6 _mark=$7 _umask=$8 _c='' _why='' _got='' _rc=''
umask 077

_now() {
  _ns=\${EPOCHREALTIME:-}
  if [ -n "$_ns" ]; then _ns=\${_ns/[.,]/}000; else _ns=$(date +%s)000000000; fi
}

# Why it ends is said once; the group gets TERM, and KILL after the grace.
_end() {
  _got=1
  [ -z "$_why" ] || return 0
  _why=$1
  printf '%s\n' "$_why" > "$_d/ended"
  [ -z "$_c" ] || _kill
}
_kill() {
  kill -TERM -- "-$_c" 2>/dev/null
  exec 8> >(trap '' TERM; _wait_for "$_grace" && kill -KILL -- "-$_c" 2>/dev/null)
}
# True after that many seconds; false when the wrapper is gone, because then nobody holds the other end of the pipe.
_wait_for() { read -r -t "$1" _ ; [ $? -gt 128 ]; }
trap '_end terminated' TERM
trap '_end output' USR1
trap '_end timeout' USR2
trap '' HUP INT

set -C
printf '' 2>/dev/null > "$_d/claim" || exit 0
set +C
_start=- _boot=-
if [ -r "/proc/$$/stat" ]; then
  read -r _stat < "/proc/$$/stat"
  set -- \${_stat##*) }
  _start=\${20}
  read -r _boot < /proc/sys/kernel/random/boot_id
fi
printf '%s %s %s %s\n' "$$" "$_start" "$_boot" "\${HOSTNAME:--}" > "$_d/pid"
printf '%-40s\n' '' > "$_d/rc.new"
printf '%-40s\n' '' > "$_d/t1"
_in=/dev/null
[ ! -e "$_d/in" ] || _in=$_d/in
IFS= read -r -d '' _text < "$_d/cmd"
_now
printf '%s\n' "$_ns" > "$_d/t0"
exec 9> >(_wait_for "$_timeout" && kill -USR2 $$)
[ "$_look" = 0 ] || exec 7> >(
  while _wait_for "$_look"; do
    [ -z "$(find "$_d/out" "$_d/err" -size +"$_cap"c)" ] || { kill -USR1 $$; break; }
  done
)
set -m
(
  [ -z "$_why" ] || exit 143
  umask "$_umask"
  trap - HUP INT
  cd -- "$_cwd" || exit 126
  export CUTOVER_MARK=$_mark
  exec bash --noprofile --norc -u -c "$_text"
) < "$_in" > "$_d/out" 2> "$_d/err" 7>&- 9>&- &
_c=$!
set +m
printf '%s\n' "$_c" > "$_d/group"
[ -z "$_why" ] || _kill

# A signal ends a wait early with its own number; the command's is then still to come.
while :; do
  _got=''
  wait "$_c" 2>/dev/null
  _r=$?
  [ "$_r" = 127 ] && [ -n "$_rc" ] || _rc=$_r
  [ -n "$_got" ] || break
done
_now
printf '%-40s\n' "$_ns" 1<> "$_d/t1"

# What is left in the group is listed and ended; what left the group is only listed.
if kill -0 -- "-$_c" 2>/dev/null; then
  for _p in /proc/[0-9]*; do
    { read -r _stat < "$_p/stat"; } 2>/dev/null || continue
    set -- \${_stat##*) }
    [ "$3" = "$_c" ] && [ "$1" != Z ] || continue
    printf 'killed %s %s\n' "\${_p#/proc/}" "$(tr '\0\n' '  ' < "$_p/cmdline" 2>/dev/null)" >> "$_d/left"
  done
  kill -TERM -- "-$_c" 2>/dev/null
  exec 6<> <(:)
  for _p in 1 2 3 4 5 6 7 8 9 10; do
    kill -0 -- "-$_c" 2>/dev/null || break
    read -r -t 0.02 -u 6 _
  done
  kill -KILL -- "-$_c" 2>/dev/null
fi
# A descendant has a higher process id than the command, unless the numbers began anew.
if [ -r /proc/loadavg ]; then
  read -r _ _ _ _ _last < /proc/loadavg
  _all=()
  for _p in /proc/[0-9]*; do
    [ "\${_p#/proc/}" -le "$_c" ] && [ "$_last" -ge "$_c" ] || _all+=("$_p/environ")
  done
  [ "\${#_all[@]}" = 0 ] || while IFS= read -r _p; do
    _p=\${_p#/proc/}
    _p=\${_p%/environ}
    printf 'left %s %s\n' "$_p" "$(tr '\0\n' '  ' < "/proc/$_p/cmdline" 2>/dev/null)" >> "$_d/left"
  done < <(grep -lzsxF "CUTOVER_MARK=$_mark" "\${_all[@]}")
fi
printf '%-40s\n' "$_rc" 1<> "$_d/rc.new"
mv -f "$_d/rc.new" "$_d/rc"
`.replaceAll("\\$", "$");
