# Shared by install, up and down. Sourced, never run.
# shellcheck shell=bash

STACK=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$STACK/../.." && pwd)
GATEWAY_SRC=$REPO/examples/fastapi-gateway
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/rigcheck-stack
STATE=${RIGCHECK_STACK_STATE:-$STACK/.state}
AXE_VERSION=4.14.1

say() { printf '%s\n' "$*" >&2; }
die() { say "$(basename "$0"): $*"; exit 1; }

# Cache folders carry a digest of what they were built from: a changed pin is a new folder, a warm run builds nothing.
digest_of() { cat "$@" | sha256sum | cut -c1-16; }
jaeger_bin() { echo "$CACHE/jaeger-$(digest_of "$STACK/jaeger/go.mod" "$STACK/jaeger/go.sum")/jaeger"; }
# Prometheus 3, by the version of its Go module (v0.316.0 is 3.16.0) and what it is built with: no service discovery.
PROMETHEUS3=v0.316.0
PROMETHEUS3_TAGS=remove_all_sd
prometheus3_bin() { echo "$CACHE/prometheus-$PROMETHEUS3-$PROMETHEUS3_TAGS/prometheus"; }
cadvisor_bin() { echo "$CACHE/cadvisor-$(digest_of "$STACK/cadvisor/go.mod" "$STACK/cadvisor/go.sum" "$STACK/cadvisor/main.go")/cadvisor"; }
axe_js() { echo "$CACHE/axe-$AXE_VERSION/axe.min.js"; }
# Linters of the recipes in examples/ci, by version.
ACTIONLINT=v1.7.12
CHECK_JSONSCHEMA=0.39.0
actionlint_bin() { echo "$CACHE/actionlint-$ACTIONLINT/actionlint"; }
check_jsonschema_bin() { echo "$CACHE/check-jsonschema-$CHECK_JSONSCHEMA/bin/check-jsonschema"; }
POSTGRES=/usr/lib/postgresql/15/bin
# The daemon that `up` starts where none runs carries the first word in its environment, each stack that uses one the second.
DOCKER_OURS=RIGCHECK_STACK_DOCKERD=1
DOCKER_USER=RIGCHECK_STACK_USES=docker
DOCKER_LOCK=/tmp/rigcheck-stack-docker.lock
gateway_venv() { echo "$CACHE/gateway-$(digest_of "$GATEWAY_SRC/requirements.txt")"; }

# A JSON string. Only paths, names and URLs come here; control characters are refused rather than escaped.
json_str() {
  [[ $1 != *[[:cntrl:]]* ]] || die "a path or URL with a control character cannot be recorded: $(printf '%q' "$1")"
  local s=${1//\\/\\\\}
  printf '"%s"' "${s//\"/\\\"}"
}
# json_field FILE KEY: a top-level number or plain string that `up` itself wrote.
json_field() { sed -n "s/^ *\"$2\": \"\\{0,1\\}\\([^\",]*\\)\"\\{0,1\\},\\{0,1\\}\$/\\1/p" "$1" | head -n 1; }

# Start time in clock ticks since boot: together with the pid it names one process for ever.
# Empty when there is no such process or only its zombie is left (kill -0 succeeds on a zombie).
start_ticks() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  # the command's name may hold blanks and brackets: count from behind the last ')'
  local -a f
  read -r -a f <<<"${stat##*) }"
  [[ ${f[0]} == Z || ${f[0]} == X ]] || echo "${f[19]}"
}

# Does process $1 itself hold the socket that listens on 127.0.0.1:$2? An answer from a port may be somebody else's.
listens() {
  local inode
  inode=$(awk -v p="$(printf '%04X' "$2")" '$4 == "0A" && substr($2, index($2, ":") + 1) == p {print $10; exit}' /proc/net/tcp)
  [[ -n $inode ]] && [[ -n $(find "/proc/$1/fd" -lname "socket:\\[$inode\\]" -print -quit 2>/dev/null) ]]
}

# A port that nobody uses now, below the range from which the kernel takes ports of outgoing connections.
# Whoever is quicker wins; `up` notices by `listens` and tries another.
free_port() {
  local port hex
  for _ in {1..200}; do
    port=$((20000 + (RANDOM << 15 | RANDOM) % 12000))
    hex=$(printf ':%04X' "$port")
    if ! awk '{print $2}' /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q "$hex\$"; then
      echo "$port"
      return
    fi
  done
  die "no free port between 20000 and 31999"
}

# All processes whose environment says that this state folder started them, as pids. Finds children of a part whose
# parent died, and parts that were started by an `up` which did not live to record them.
marked() { with_word "RIGCHECK_STACK_PART=$STATE/$1"; }
# All processes that have NAME=VALUE in their environment, as pids.
with_word() { grep -lzxF -- "$1" /proc/[0-9]*/environ 2>/dev/null | cut -d / -f 3; }

# Where a database has its data: in a folder that another user may enter, which the state folder is not.
postgres_dir() { echo "/tmp/rigcheck-postgres-$(printf '%s' "$STATE" | sha256sum | cut -c1-16)"; }
