#!/usr/bin/env bash
# Builds everything and runs every test. The last line is "N passed, M failed"; the exit status is 0
# only when M is 0.
set -euo pipefail

usage() {
  cat <<'END'
Usage: tests/run.sh [--quick] [--sanitizers] [--no-install]

  --quick       without the detection benchmark, fuzz targets and clang-tidy
  --sanitizers  also the unit and integration tests under address, undefined-behaviour and thread sanitizers
  --no-install  do not look for missing packages

SOAKWATCH_FUZZ_SECONDS: how long each fuzz target runs (10).
END
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
jobs=$(nproc)
passed=0
failed=0
skipped=0
failures=()

heading() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }

# count PASSED FAILED WHAT
count() {
  passed=$((passed + $1))
  failed=$((failed + $2))
  printf '%s: %d passed, %d failed\n' "$3" "$1" "$2"
  if (($2 > 0)); then failures+=("$3"); fi
}

finish() {
  if ((skipped > 0)); then printf '\n%d tests were skipped; they are named above\n' "$skipped"; fi
  if ((${#failures[@]} > 0)); then
    printf '\nfailed:\n'
    printf '  %s\n' "${failures[@]}"
  fi
  printf '%d passed, %d failed\n' "$passed" "$failed"
  ((failed == 0)) || exit 1
  exit 0
}

export TSAN_OPTIONS="suppressions=$root/tests/tsan.supp"

# The thread sanitizer of g++ 12 does not know the wider address randomisation of newer kernels. The
# build needs this as well: it runs the test programs to list their tests.
for_preset() {
  local preset=$1
  shift
  if [[ $preset == tsan ]]; then setarch "$(uname -m)" -R "$@"; else "$@"; fi
}

# build PRESET [TARGET...]: a build that fails is one failure.
build() {
  local preset=$1
  shift
  local targets=()
  (($# == 0)) || targets=(--target "$@")
  rm -f "build/build-$preset.log"
  if cmake --preset "$preset" >"build/configure-$preset.log" 2>&1 &&
    for_preset "$preset" cmake --build --preset "$preset" -j "$jobs" "${targets[@]}" \
      >"build/build-$preset.log" 2>&1; then
    return 0
  fi
  tail -n 60 "build/configure-$preset.log"
  [[ ! -e build/build-$preset.log ]] || tail -n 60 "build/build-$preset.log"
  count 0 1 "build of preset $preset"
  return 1
}

# unit_tests PRESET
unit_tests() {
  local log=build/ctest-$1.log status=0
  for_preset "$1" ctest --preset "$1" -j "$jobs" >"$log" 2>&1 || status=$?
  # ctest's own words: "99% tests passed, 1 tests failed out of 130".
  local of_all='tests passed, ([0-9]+) tests failed out of ([0-9]+)'
  if [[ $(tail -n 200 "$log") =~ $of_all ]]; then
    local bad=${BASH_REMATCH[1]} all=${BASH_REMATCH[2]} not_run
    not_run=$(grep -c '(Skipped)$\|(Disabled)$' "$log" || true)
    if ((bad > 0)); then cat "$log"; elif ((not_run > 0)); then grep '(Skipped)$\|(Disabled)$' "$log"; fi
    skipped=$((skipped + not_run))
    if ((all == 0)); then bad=1; fi
    count $((all - bad - not_run > 0 ? all - bad - not_run : 0)) "$bad" "unit tests, preset $1"
  else
    tail -n 60 "$log"
    count 0 1 "unit tests, preset $1: ctest ended with status $status"
  fi
}

build_targets() {
  local go module name
  go=$(command -v go || true)
  for name in /usr/lib/go-1.19/bin/go /usr/bin/go; do  # Debian's, the oldest that is supported
    if [[ -x $name ]]; then
      go=$name
      break
    fi
  done
  if [[ -z $go ]]; then
    count 0 1 "Go targets: there is no go"
    return
  fi
  printf '%s\n' "$("$go" version)"
  export SOAKWATCH_GO=$go SOAKWATCH_TARGETS=$root/build/targets
  export GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local GOCACHE=$root/build/go-cache
  for module in tests/targets/*/go.mod; do
    name=$(basename "$(dirname "$module")")
    if (cd "tests/targets/$name" && "$go" build -o "$SOAKWATCH_TARGETS/$name" .); then
      printf 'built build/targets/%s\n' "$name"
    else
      count 0 1 "build of tests/targets/$name"
    fi
  done
}

# A Python that has pytest, better one that runs several files at a time: Debian's packages belong to
# Debian's Python.
python_with_pytest() {
  local python modules
  for modules in 'pytest, xdist' pytest; do
    for python in python3 /usr/bin/python3; do
      if "$python" -c "import $modules" 2>/dev/null; then
        printf '%s' "$python"
        return 0
      fi
    done
  done
  return 1
}

# suite_attribute NAME FILE: of the first <testsuite> in a JUnit file
suite_attribute() {
  grep -o '<testsuite [^>]*' "$2" | head -n 1 | sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p"
}

# integration_tests PRESET
integration_tests() {
  local python report=$root/build/pytest-$1.xml status=0
  if ! python=$(python_with_pytest); then
    count 0 1 "integration tests: there is no pytest"
    return
  fi
  rm -f "$report"
  # They wait more than they work: several files at a time, where pytest can.
  local parallel=()
  if "$python" -c 'import xdist' 2>/dev/null; then parallel=(-n $((jobs + 1)) --dist loadfile); fi
  SOAKWATCH_BUILD=$root/build/$1 for_preset "$1" "$python" -m pytest tests/integration -ra -q -p no:cacheprovider \
    "${parallel[@]}" --junitxml="$report" || status=$?
  if [[ ! -s $report ]] || ((status > 1)); then
    count 0 1 "integration tests: pytest ended with status $status"
    return
  fi
  local all bad not_run
  all=$(suite_attribute tests "$report")
  bad=$(($(suite_attribute failures "$report") + $(suite_attribute errors "$report")))
  not_run=$(suite_attribute skipped "$report")
  skipped=$((skipped + not_run))
  if ((bad == 0 && status != 0)); then bad=1; fi
  count $((all - bad - not_run > 0 ? all - bad - not_run : 0)) "$bad" "integration tests, preset $1"
}

# fuzz NAME SECONDS: new inputs go to a folder in build/, what breaks it to build/fuzz/artifacts.
fuzz() {
  local name=$1 seconds=$2 corpus=build/fuzz/corpus/$1 seeds=tests/fuzz/corpus/$1
  mkdir -p "$corpus" build/fuzz/artifacts
  local folders=("$corpus")
  [[ ! -d $seeds ]] || folders+=("$seeds")
  if "build/fuzz/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="build/fuzz/artifacts/$name-" "${folders[@]}" >"build/fuzz/$name.log" 2>&1; then
    printf 'ok      %s, %s runs\n' "$name" \
      "$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "build/fuzz/$name.log")"
  else
    tail -n 40 "build/fuzz/$name.log"
    printf 'FAILED  %s\n' "$name"
    return 1
  fi
}

fuzz_targets() {
  local names=() name good=0 bad=0 seconds=${SOAKWATCH_FUZZ_SECONDS:-10}
  # CMake's own list, whatever the folders' lists look like.
  cmake --preset fuzz >build/configure-fuzz.log 2>&1 || true
  mapfile -t names < <(ninja -C build/fuzz -t targets all 2>/dev/null |
    sed -n 's/^fuzz_\([a-z0-9_]*\): phony$/\1/p')
  if ((${#names[@]} == 0)); then
    cat build/configure-fuzz.log
    count 0 1 "fuzz targets: none were found"
    return
  fi
  build fuzz "${names[@]/#/fuzz_}" || return 0
  export -f fuzz
  # As many at a time as there are processors; each line of the list is one run.
  # shellcheck disable=SC2016
  printf '%s\n' "${names[@]}" |
    xargs -P "$jobs" -I '{}' bash -c 'fuzz "$1" "$2" || true' fuzz '{}' "$seconds" |
    tee build/fuzz/summary.log
  for name in "${names[@]}"; do
    if grep -q "^ok      $name," build/fuzz/summary.log; then good=$((good + 1)); else bad=$((bad + 1)); fi
  done
  count "$good" "$bad" "fuzz targets, $seconds s each"
}

# What docs/detection.md publishes, on fewer series.
published_figures() {
  build bench detection_bench || return 0
  if build/bench/tests/bench/detection/detection_bench --quick --engine-only \
    --require tests/bench/detection/published.txt >build/detection_bench.log; then
    count 1 0 "published figures of the detection"
  else
    cat build/detection_bench.log
    count 0 1 "published figures of the detection"
  fi
}

sanitizers() {
  local preset
  for preset in asan-ubsan tsan; do
    heading "unit and integration tests, $preset"
    build "$preset" || continue
    unit_tests "$preset"
    integration_tests "$preset"
  done
}

# The checks take processor time alone, and the integration tests wait more than they work: they go on
# beside each other, the checks with what is left.
checks_pid=
start_checks() {
  setsid nice -n 19 tests/check.sh --whole-folders --no-unit-tests >build/checks.log 2>&1 &
  checks_pid=$!
  # Ctrl+C does not reach what runs in the background.
  trap 'kill -- "-$checks_pid" 2>/dev/null || true' EXIT
}

finish_checks() {
  local status=0
  wait "$checks_pid" || status=$?
  trap - EXIT
  cat build/checks.log
  if ((status == 0)); then count 1 0 "checks"; else count 0 1 "checks"; fi
}

main() {
  local quick=no with_sanitizers=no install=yes
  while (($# > 0)); do
    case $1 in
      --quick) quick=yes ;;
      --sanitizers) with_sanitizers=yes ;;
      --no-install) install=no ;;
      -h | --help)
        usage
        return 0
        ;;
      *)
        usage >&2
        exit 2
        ;;
    esac
    shift
  done

  if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
  mkdir -p build
  if [[ $install == yes ]]; then
    heading "packages"
    if ! packaging/install-deps.sh --test; then
      count 0 1 "packages"
      finish
    fi
  fi
  heading "build"
  build dev || finish
  heading "unit tests"
  unit_tests dev
  heading "Go targets"
  build_targets
  if [[ $quick == no ]]; then start_checks; fi
  heading "integration tests"
  integration_tests dev
  if [[ $with_sanitizers == yes ]]; then sanitizers; fi
  if [[ $quick == no ]]; then
    heading "detection benchmark, short"
    published_figures
    heading "fuzz targets"
    fuzz_targets
    heading "checks"
    finish_checks
  fi
  heading "result"
  finish
}

main "$@"
