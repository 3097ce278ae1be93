# Parts of a rig whose CPU time, memory and network are audited. Sourced by `up`, never run.
# shellcheck shell=bash

# ---- the gateway in a container ---------------------------------------------------------------------------------

# gateway_image: the name of an image with the gateway's interpreter and packages, made once: every file is where it is on this
# machine, so that the interpreter finds what it finds here.
gateway_image() {
  local venv python image tmp log=$CACHE/gateway-image.log
  venv=$(gateway_venv)
  python=$(readlink -f "$venv/bin/python")
  image=rigcheck-stack-gateway:$(printf '%s\n' "$venv" "$python" "$(stat -c '%s %Y' "$python")" | sha256sum | cut -c1-16)
  if ! docker image inspect "$image" >/dev/null 2>&1; then
    tmp=$(mktemp -d "$CACHE/image.XXXXXX") || return 1
    # the files, as paths below /
    {
      printf '%s\n' "${python#/}" "${venv#/}" usr/share/zoneinfo/UTC
      "$python" -c 'import sysconfig; print(sysconfig.get_path("stdlib")[1:])'
      # shared libraries of the interpreter and of whatever it loads
      { echo "$python"; find "$venv" "$("$python" -c 'import sysconfig; print(sysconfig.get_config_var("DESTSHARED"))')" -name '*.so'; } |
        xargs -d '\n' ldd 2>/dev/null | grep -oE '(=> )?/[^ ]+ \(' | sed 's/^=> //; s/ ($//; s|^/||' | sort -u
    } >"$tmp/files"
    mkdir "$tmp/root" && mkdir "$tmp/root/tmp" "$tmp/root/app" "$tmp/root/data"
    if ! {
      # -h: what a link names, under the link's name
      tar -C / -ch --exclude='*/lib/python3*/test' --exclude='*/lib/python3.*/config-*' --exclude='*/idlelib' --exclude='*/ensurepip' \
        --exclude="${python#/}/../site-packages" --exclude="$(dirname "$(dirname "${python#/}")")/lib/python3.*/site-packages" -T "$tmp/files" |
        tar -C "$tmp/root" -x && tar -C "$tmp/root" -c . | docker import - "$image"
    } >"$log" 2>&1; then
      rm -rf "$tmp"
      return 1
    fi
    rm -rf "$tmp"
    # those of former interpreters or packages
    docker images -q rigcheck-stack-gateway --filter "before=$image" | xargs -r docker rmi >/dev/null 2>&1
  fi
  echo "$image"
}

# container_of NAME: sets its name, which the stack's own makes the only one of this machine, and in CONTAINER how `docker run`
# makes it: labels by which `down` finds it, and its limits.
container_of() {
  WORDS[container]=rigcheck-${1%_container}-$(printf '%s' "$STATE" | sha256sum | cut -c1-12)
  docker rm -f "${WORDS[container]}" >/dev/null 2>&1
  CONTAINER=(--rm --init --name "${WORDS[container]}" --label "rigcheck.stack=$STATE" --label "rigcheck.part=$1")
  [[ -z ${OPT[cpus]:-} ]] || CONTAINER+=(--cpus "${OPT[cpus]}")
  [[ -z ${OPT[memory]:-} ]] || CONTAINER+=(--memory "${OPT[memory]}")
}
tell_id() {
  WORDS[id]=$(docker inspect --format '{{.Id}}' "${WORDS[container]}")
  record
}

launch_gateway_container() {
  local image mounts=() vars=() word database=
  [[ -e $STATE/docker.json ]] || usage "gateway_container needs the part docker in the same state folder"
  prepare_gateway gateway_container
  image=$(gateway_image) || fail_early gateway_container "its image could not be made: see $CACHE/gateway-image.log"
  container_of gateway_container
  mounts=(-v "$GATEWAY_SRC:/app:ro" -v "$(dirname "${FILES[access_log]}"):$(dirname "${FILES[access_log]}")" -v "${FILES[metrics]}:${FILES[metrics]}")
  if [[ -e $STATE/postgres.json ]]; then
    mounts+=(-v "$(postgres_dir)/socket:/run/rig")
    database="postgresql://postgres@/gateway?host=/run/rig&port=$(sed -n 's/.*"sql": \([0-9]*\).*/\1/p' "$STATE/postgres.json")"
  fi
  for word in "${GATEWAY_ENV[@]}" "DATABASE_URL=$database"; do vars+=(-e "$word"); done
  start gateway_container http docker run "${CONTAINER[@]}" \
    -p "127.0.0.1:${PORTS[http]}:8000" "${mounts[@]}" "${vars[@]}" -w /app "$image" \
    "$(gateway_venv)/bin/python" -m gateway.serve --host 0.0.0.0 --port 8000 --workers "${OPT[workers]:-2}"
}
ready_gateway_container() { ready_gateway && tell_id; }

# The same program under four names, so that one can be done to what the others are spared.
launch_busy_container() {
  local image part=${1:-busy_container}
  [[ -e $STATE/docker.json ]] || usage "$part needs the part docker in the same state folder"
  [[ -e $(gateway_venv)/complete ]] || not_installed gateway
  image=$(gateway_image) || fail_early "$part" "its image could not be made: see $CACHE/gateway-image.log"
  container_of "$part"
  start "$part" none docker run "${CONTAINER[@]}" -v "$STACK/busy.py:/app/busy.py:ro" "$image" "$(gateway_venv)/bin/python" /app/busy.py \
    --burst "${OPT[burst]:-0.3}" --every "${OPT[every]:-1}" --cache "${OPT[cache]:-0}" --first "${OPT[first]:-0}"
}
works() { grep -q '^works$' "$LOG"; }
ready_busy_container() { wait_for 120 "work" works && tell_id; }
launch_spare_container() { launch_busy_container spare_container; }
ready_spare_container() { ready_busy_container; }
launch_brief_container() { launch_busy_container brief_container; }
ready_brief_container() { ready_busy_container; }
launch_early_container() { launch_busy_container early_container; }
ready_early_container() { ready_busy_container; }

# What is true of containers, and the same bent as exporters bend it.
launch_bent() {
  [[ -n ${OPT[of]:-} ]] || usage "bent needs --of CONTAINER,..."
  PORTS[http]=$(free_port)
  # shellcheck disable=SC2086 # names of containers, split at commas
  start bent http python3 "$STACK/bent.py" --port "${PORTS[http]}" ${OPT[of]//,/ }
}
ready_bent() { wait_for 30 "metrics page" http_ok "$URL/metrics"; }

# ---- its database -----------------------------------------------------------------------------------------------

# As the user postgres where we are root, since PostgreSQL refuses to run as root.
as_postgres() { if [[ $(id -u) -eq 0 ]]; then echo setpriv --reuid=postgres --regid=postgres --clear-groups; fi; }
launch_postgres() {
  local dir as
  [[ -x $POSTGRES/postgres ]] || not_installed postgres
  dir=$(postgres_dir)
  read -r -a as <<<"$(as_postgres)"
  rm -rf "$dir"
  mkdir -m 755 "$dir" "$dir/data" "$dir/socket" || die "cannot make $dir"
  [[ $(id -u) -ne 0 ]] || chown -R postgres: "$dir"
  "${as[@]}" "$POSTGRES/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$STATE/postgres.initdb.log" 2>&1 ||
    fail_early postgres "initdb failed: $(tail -n 1 "$STATE/postgres.initdb.log")"
  PORTS[sql]=$(free_port) FILES[socket]=$dir/socket
  WORDS[url]=postgresql://postgres@127.0.0.1:${PORTS[sql]}/gateway
  start postgres none "${as[@]}" "$POSTGRES/postgres" -D "$dir/data" -p "${PORTS[sql]}" -k "$dir/socket" -c listen_addresses=127.0.0.1 \
    -c fsync=off -c shared_buffers=32MB -c max_connections=60
}
sql() { psql -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "${PORTS[sql]}" -U postgres "$@" >/dev/null 2>&1; }
ready_postgres() {
  rm -f "$STATE/postgres.initdb.log"
  wait_for 30 "answer" sql -c 'SELECT 1' && sql -c 'CREATE DATABASE gateway' &&
    sql -d gateway -f "$GATEWAY_SRC/gateway/schema.sql" -c "INSERT INTO api_keys VALUES ('rig-key', 'rig')"
}

# ---- who tells of them ------------------------------------------------------------------------------------------

# fail_early NAME WHY: before there is a log.
fail_early() { say "up: $1: $2"; "$STACK/down" "$1"; exit 1; }

launch_postgres_exporter() {
  local bin
  bin=$(program prometheus-postgres-exporter) || exit 3
  [[ -e $STATE/postgres.json ]] || usage "postgres_exporter needs a postgres that is up in the same state folder"
  PORTS[http]=$(free_port)
  start postgres_exporter http env DATA_SOURCE_NAME="$(sed -n 's/.*"url": "\(postgresql[^"]*\)".*/\1/p' "$STATE/postgres.json")?sslmode=disable" \
    "$bin" --web.listen-address="127.0.0.1:${PORTS[http]}"
}
tells_of_postgres() { curl -sf -m 2 "$URL/metrics" | grep -q '^pg_up 1'; }
ready_postgres_exporter() { wait_for 30 "figure of the database" tells_of_postgres; }

launch_process_exporter() {
  local bin dir=$STATE/data/process_exporter part line
  bin=$(program prometheus-process-exporter) || exit 3
  [[ -n ${OPT[parts]:-} ]] || usage "process_exporter needs --parts NAME,..."
  PORTS[http]=$(free_port)
  mkdir -p "$dir"
  {
    echo process_names:
    for part in ${OPT[parts]//,/ }; do
      [[ -e $STATE/$part.json ]] || usage "process_exporter --parts: no part \`$part\` is up in $STATE"
      # as it was started: a word of ours would stand in our own command line, too, and we start many
      line=$(tr '\0' ' ' <"/proc/$(json_field "$STATE/$part.json" pid)/cmdline" | sed 's/ $//; s/[][\\.*^$+?(){}|]/\\&/g')
      printf "  - {name: '%s', cmdline: ['^%s$']}\n" "$part" "${line//\'/\'\'}"
    done
  } >"$dir/process_exporter.yml"
  start process_exporter http "$bin" -config.path "$dir/process_exporter.yml" -web.listen-address "127.0.0.1:${PORTS[http]}" \
    -threads="$([[ ${OPT[threads]:-off} == on ]] && echo true || echo false)"
}
ready_process_exporter() { wait_for 30 "metrics page" http_ok "$URL/metrics"; }

# Nothing leaves this machine: no registry, no statistics; and it wakes nobody.
launch_netdata() {
  local bin dir=$STATE/data/netdata file
  bin=$(program netdata) || exit 3
  PORTS[http]=$(free_port)
  mkdir -p "$dir"/{cache,lib,log,config} && touch "$dir/config/.opt-out-from-anonymous-statistics"
  {
    printf '[global]\n  run as user = %s\n  hostname = rig\n' "$(id -un)"
    printf '[directories]\n  cache = %s/cache\n  lib = %s/lib\n  log = %s/log\n  config = %s/config\n  stock config = %s/config\n' "$dir" "$dir" "$dir" "$dir" "$dir"
    printf '[db]\n  mode = ram\n  retention = 600\n  update every = 1\n'
    printf '[web]\n  bind to = 127.0.0.1\n  default port = %s\n  mode = static-threaded\n  web server threads = 1\n' "${PORTS[http]}"
    printf '[health]\n  enabled = no\n[ml]\n  enabled = no\n[statsd]\n  enabled = no\n[registry]\n  enabled = no\n'
    # it would take the half of a mixed host that has no figures of memory
    printf '[plugins]\n  enable running new plugins = no\n  netdata monitoring = no\n  netdata monitoring extended = no\n  cgroups = yes\n  proc = yes\n  diskspace = no\n  tc = no\n  idlejitter = no\n  timex = no\n'
    printf '  slabinfo = no\n  statsd = no\n  apps = no\n  charts.d = no\n  python.d = no\n  go.d = no\n  fping = no\n  ioping = no\n  perf = no\n  nfacct = no\n  cups = no\n'
    # a container's network is read from its end of the link in /proc/net/dev; nothing else of the machine is wanted
    echo '[plugin:proc]'
    for file in /proc/{stat,uptime,loadavg,pressure,interrupts,softirqs,vmstat,meminfo,diskstats,mdstat} /proc/sys/kernel/random/entropy_avail \
      /proc/net/{wireless,sockstat,sockstat6,netstat,snmp,snmp6,sctp/snmp,softnet_stat,ip_vs/stats,stat/conntrack,stat/synproxy,rpc/nfs,rpc/nfsd} \
      /sys/kernel/mm/ksm /sys/block/zram /sys/devices/system/{edac/mc,node} /sys/class/{infiniband,power_supply} /sys/fs/btrfs ipc; do
      printf '  %s = no\n' "$file"
    done
    [[ -e /sys/fs/cgroup/cgroup.controllers ]] || printf '[plugin:cgroups]\n  use unified cgroups = no\n'
    printf '[plugin:cgroups]\n  check for new cgroups every = 2\n  enable by default cgroups matching = *docker*\n'
  } >"$dir/netdata.conf"
  WORDS[page]='/api/v1/allmetrics?format=prometheus&source=as-collected'
  start netdata http env DISABLE_TELEMETRY=1 "$bin" -D -c "$dir/netdata.conf"
}
ready_netdata() { wait_for 30 "figures" http_ok "$URL${WORDS[page]}"; }

launch_cadvisor() {
  [[ -x $(cadvisor_bin) ]] || not_installed cadvisor
  PORTS[http]=$(free_port)
  # as it comes, but each second: an interval is stretched by chance up to twice
  start cadvisor http "$(cadvisor_bin)" -listen "127.0.0.1:${PORTS[http]}" -docker_only=true -housekeeping_interval=1s -dynamic=true
}
ready_cadvisor() { wait_for 30 "metrics page" http_ok "$URL/metrics"; }
