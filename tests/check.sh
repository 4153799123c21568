#!/usr/bin/env bash
# The one check before a commit. Runs every step, even after one failed, and says which did.
set -euo pipefail

usage() {
  cat <<'END'
Usage: tests/check.sh [--all | --whole-folders] [--no-unit-tests]

  --all            clang-tidy on every source, not only on what differs from the last commit
  --whole-folders  clang-tidy on the program, each of its folders as one source, without the tests and
                   without its analysis of paths: a tenth of the time
  --no-unit-tests  leave out the unit tests
END
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."

build=build/dev
logs=$build/check
failed=()

sources() {
  find model config collectors storage detectors alerts evidence report daemon cli tests \
    \( -name '*.h' -o -name '*.cc' \) -not -path 'tests/targets/*' -print0 2>/dev/null || true
}

check_format() { sources | xargs -0 clang-format-14 --dry-run -Werror; }
check_includes() { python3 tests/check_includes.py .; }
check_scripts() { shellcheck packaging/*.sh tests/*.sh tests/system/*.sh .ci/run; }
build_dev() {
  cmake --preset dev && cmake --build --preset dev -j "$(nproc)"
}
check_headers() {
  cmake --build --preset dev -j "$(nproc)" --target all_verify_interface_header_sets
}
check_tidy() { python3 tests/check_tidy.py "$build" "$@"; }
check_tidy_of_folders() {
  cmake --preset release
  python3 tests/check_tidy.py build/release --whole-folders
}
unit_tests() { ctest --preset dev -j "$(nproc)"; }

check_go() {
  local module unformatted
  unformatted=$(gofmt -l tests/targets)
  if [[ -n $unformatted ]]; then
    printf 'gofmt would change:\n%s\n' "$unformatted"
    return 1
  fi
  for module in tests/targets/*/go.mod; do
    (cd "$(dirname "$module")" && GOTOOLCHAIN=local GOFLAGS=-mod=mod go vet ./...) || return 1
  done
}

# step NAME COMMAND...: one line when it is fine, all of its output when it is not.
step() {
  local name=$1 start=$SECONDS log
  log="$logs/${name// /-}.log"
  shift
  # Not `if "$@"`: that would turn off errexit within the step.
  set +e
  (
    set -e
    "$@"
  ) >"$log" 2>&1
  local status=$?
  set -e
  if ((status == 0)); then
    printf 'ok      %-22s %3d s\n' "$name" $((SECONDS - start))
  else
    failed+=("$name")
    cat "$log"
    printf 'FAILED  %-22s %3d s (%s)\n' "$name" $((SECONDS - start)) "$log"
  fi
}

main() {
  local tidy=check_tidy tidy_options=() with_unit_tests=yes
  while (($# > 0)); do
    case $1 in
      --all) tidy_options=(--all) ;;
      --whole-folders) tidy=check_tidy_of_folders ;;
      --no-unit-tests) with_unit_tests=no ;;
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
  mkdir -p "$logs"
  step "format" check_format
  step "includes" check_includes
  step "scripts" check_scripts
  step "go" check_go
  step "build" build_dev
  # What does not build has no headers to compile and no sources to read.
  if [[ " ${failed[*]-} " != *" build "* ]]; then
    step "headers stand alone" check_headers
    step "clang-tidy" "$tidy" "${tidy_options[@]}"
    if [[ $with_unit_tests == yes ]]; then step "unit tests" unit_tests; fi
  fi
  if ((${#failed[@]} > 0)); then
    printf 'check: failed: %s\n' "${failed[*]}"
    return 1
  fi
  printf 'check: all is well\n'
}

main "$@"
