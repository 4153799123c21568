#!/usr/bin/env bash
# From a fresh Debian 12 to three true alerts: installs what is missing, builds, and watches a real Go
# program that leaks. With a SPEC it watches the user's own process instead.
set -euo pipefail

usage() {
  cat <<'END'
Usage: packaging/quickstart.sh [--no-install] [SPEC]

Without SPEC: builds soakwatch and a Go program that leaks goroutines, heap and file descriptors,
watches it until all three leaks have raised an alert, writes a CSV for a spreadsheet, and ends by
itself within three minutes after the build. What it leaves lies in build/quickstart/.

With SPEC: builds soakwatch and watches that process until Ctrl+C. SPEC is name:sidecar (or sidecar),
pid:1234 (or 1234), port:6060, cmdline:REGEX, unit:NAME.service or cgroup:/PATH.

  --no-install  do not look for missing packages

Exit status: 0 all three alerts fired, 1 something is wrong (and said), 2 wrong usage.
END
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/release
soakwatchd=$build/daemon/soakwatchd
soakwatch=$build/cli/soakwatch
work=$root/build/quickstart
database=$work/soakwatch.db
csv=$work/leaky.csv

# Together with the start and the export below three minutes.
alert_limit_seconds=120
start_limit_seconds=10
stop_limit_seconds=8
command_limit=20s

# Detector -> what it is for a person.
declare -A leaks=(
  [goroutine_growth]=goroutines [live_heap_growth]='live heap' [fd_growth]='file descriptors'
)
declare -A fired_after=() fired_summary=()

target_pid=
daemon_pid=

say() { printf '%s\n' "$*"; }
die() {
  printf '\nquickstart: %s\n' "$*" >&2
  exit 1
}

# One of our children, so `wait` tells; it gets a while to end in order before it is killed.
stop_child() {
  local pid=$1 i
  kill -TERM "$pid" 2>/dev/null || return 0
  for ((i = 0; i < stop_limit_seconds * 10; i++)); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}

stop_children() {
  if [[ -n $daemon_pid ]]; then stop_child "$daemon_pid"; fi
  if [[ -n $target_pid ]]; then stop_child "$target_pid"; fi
  daemon_pid=
  target_pid=
}

on_exit() {
  local status=$?
  trap - EXIT INT TERM HUP
  stop_children
  exit "$status"
}

# On a terminal the compiler's progress is shown; else only what went wrong.
logged() {
  if [[ -t 1 ]]; then
    "$@"
    return
  fi
  local log=$root/build/quickstart-build.log
  "$@" >>"$log" 2>&1 || {
    tail -n 40 "$log" >&2
    return 1
  }
}

build_soakwatch() {
  say "Building soakwatch (some minutes the first time) ..."
  if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
  mkdir -p "$root/build"
  : >"$root/build/quickstart-build.log"
  cd "$root"
  logged cmake --preset release || die "cmake could not configure the build"
  logged cmake --build --preset release -j "$(nproc)" --target soakwatchd soakwatch ||
    die "soakwatch could not be built"
}

build_leaky() {
  say "Building the Go program that leaks ..."
  # It uses the standard library alone: nothing is fetched.
  (
    cd "$root/tests/targets/leaky"
    export GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local GOCACHE=$root/build/go-cache
    go build -o "$root/build/targets/leaky" .
  ) || die "the Go program could not be built"
}

start_leaky() {
  # -for: it ends even when this script is killed.
  "$root/build/targets/leaky" -mode all -leak-rate-goroutines 10 -leak-rate-heap 1MiB \
    -leak-rate-fds 3 -garbage 64MiB -for 5m >"$work/leaky.log" 2>&1 &
  target_pid=$!
  local i
  for ((i = 0; i < start_limit_seconds * 10; i++)); do
    grep -qs '^pprof ' "$work/leaky.log" && return 0
    kill -0 "$target_pid" 2>/dev/null || break
    sleep 0.1
  done
  die "the Go program did not start: $(cat "$work/leaky.log")"
}

start_daemon() {
  # In its folder, where quickstart.yaml has the alerts written to.
  (
    cd "$work"
    exec "$soakwatchd" --config "$root/packaging/quickstart.yaml" --target "pid:$target_pid" \
      --db "$database"
  ) >"$work/soakwatchd.log" 2>&1 &
  daemon_pid=$!
}

# The open alerts, one per line. What has braces of its own within an alert goes first.
open_alerts() {
  timeout "$command_limit" "$soakwatch" alerts --json --db "$database" 2>"$work/alerts.err" |
    sed -e 's/"[a-z_]*":\[[^]]*\]//g' -e 's/"limit":{[^}]*}//g' -e 's/}/}\n/g' || true
}

note_fired_alerts() {
  local after=$1 line detector
  while read -r line; do
    [[ $line == *'"state":"firing"'* && $line =~ \"detector\":\"([a-z_]+)\" ]] || continue
    detector=${BASH_REMATCH[1]}
    [[ -n ${leaks[$detector]:-} && -z ${fired_after[$detector]:-} ]] || continue
    fired_after[$detector]=$after
    fired_summary[$detector]=
    if [[ $line =~ \"summary\":\"([^\"]*)\" ]]; then
      fired_summary[$detector]=${BASH_REMATCH[1]}
    fi
    say "  after $after s: ${fired_summary[$detector]:-${leaks[$detector]}}"
  done < <(open_alerts)
}

fail_with_log() {
  local reason=$1 detector
  for detector in "${!leaks[@]}"; do
    [[ -n ${fired_after[$detector]:-} ]] || reason+="
  missing: the alert for ${leaks[$detector]} ($detector)"
  done
  {
    printf '\nlast lines of %s:\n' "$work/soakwatchd.log"
    tail -n 20 "$work/soakwatchd.log" || true
    if [[ -s $work/alerts.err ]]; then
      printf '\nsoakwatch alerts said:\n'
      tail -n 5 "$work/alerts.err"
    fi
  } >&2
  die "$reason"
}

wait_for_alerts() {
  local start=$SECONDS
  say "Watching pid $target_pid, which leaks goroutines, heap and file descriptors. Times are shortened"
  say "for this (packaging/quickstart.yaml); the alerts come within about two minutes."
  while ((${#fired_after[@]} < ${#leaks[@]})); do
    ((SECONDS - start < alert_limit_seconds)) ||
      fail_with_log "not all alerts fired within $alert_limit_seconds s"
    kill -0 "$daemon_pid" 2>/dev/null || fail_with_log "soakwatchd ended"
    kill -0 "$target_pid" 2>/dev/null || fail_with_log "the Go program ended"
    sleep 1
    [[ ! -e $database ]] || note_fired_alerts $((SECONDS - start))
  done
}

write_csv() {
  timeout "$command_limit" "$soakwatch" export --db "$database" --preset spreadsheet -o "$csv" ||
    die "the CSV could not be written"
  [[ -s $csv ]] || die "the CSV is empty"
}

print_summary() {
  local detector
  say ""
  say "All three leaks were found:"
  for detector in goroutine_growth live_heap_growth fd_growth; do
    printf '  %-17s after %3d s\n' "${leaks[$detector]}" "${fired_after[$detector]}"
  done
  cat <<END

  spreadsheet  $csv ($(wc -l <"$csv") lines)
  database     $database
  log          $work/soakwatchd.log

How to go on:
  $soakwatch alerts --db $database
  packaging/quickstart.sh name:YOUR-PROGRAM      watch your own process
  $soakwatchd --target name:YOUR-PROGRAM   in the background, with the ordinary times
END
}

main() {
  local install=yes spec=
  while (($# > 0)); do
    case $1 in
      -h | --help)
        usage
        return 0
        ;;
      --no-install) install=no ;;
      -*)
        usage >&2
        exit 2
        ;;
      *)
        if [[ -n $spec || -z $1 ]]; then
          usage >&2
          exit 2
        fi
        spec=$1
        ;;
    esac
    shift
  done

  if [[ $install == yes ]]; then
    if [[ -n $spec ]]; then
      "$root/packaging/install-deps.sh" --build
    else
      "$root/packaging/install-deps.sh" --quickstart
    fi
  fi
  build_soakwatch
  if [[ -n $spec ]]; then
    say "Watching $spec; Ctrl+C ends it."
    mkdir -p "$work"
    say "What it samples is kept: $soakwatch export --db $work/own.db --preset spreadsheet -o own.csv"
    exec "$soakwatch" watch "$spec" --db "$work/own.db"
  fi
  build_leaky

  rm -rf -- "$work"
  mkdir -p "$work"
  trap on_exit EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  start_leaky
  start_daemon
  wait_for_alerts
  write_csv
  stop_children
  print_summary
}

main "$@"
