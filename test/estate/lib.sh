# What the programs of the practice estate share: where its state is, how a side effect is noted, how they misbehave.
# The estate is the folder above the program; nothing is taken from the environment but the host that ssh went to.
set -u
ESTATE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
STATE=$ESTATE/state
HOST=${ESTATE_HOST:-local}

# Notes something that the world would notice; the list of these is what two runs are compared by.
effect() { printf '%s: %s\n' "$HOST" "$*" >> "$STATE/effects.log"; }

# Misbehaves where state/faults/<name> says so: fail, once (fails the first time only), hang, or exit <n>.
fault() {
  local how=''
  [ -e "$STATE/faults/$1" ] || return 0
  read -r how < "$STATE/faults/$1"
  case $how in
    hang) exec sleep 86400 ;;
    once) rm -f "$STATE/faults/$1"; echo "$1: something went wrong this once" >&2; exit 1 ;;
    exit\ *) echo "$1: ended" >&2; exit "${how#exit }" ;;
    *) echo "$1: something is wrong" >&2; exit 1 ;;
  esac
}

# The content of a state file, or what is said instead.
state() { if [ -e "$STATE/$1" ]; then cat "$STATE/$1"; else printf '%s\n' "$2"; fi; }
