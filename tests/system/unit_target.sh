#!/usr/bin/env bash
# Watches services of a systemd that really booted: makes a small Debian 12 in build/, boots it in a
# container and runs the tests of this folder against it. Needs root. Exit status: 0 all passed, 77
# skipped, anything else failed.
set -euo pipefail

usage() {
  cat <<'END'
Usage: tests/system/unit_target.sh [PYTEST_ARGUMENT...]

SOAKWATCH_BUILD: build tree with the programs to test; without it build/release is built.
SOAKWATCH_DEBIAN_MIRROR: where the container's packages come from, when it is first made
  (http://deb.debian.org/debian).
END
}

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/system/system_root.sh
. tests/system/system_root.sh
# They take about a minute.
tests_limit=15m

build_programs() {
  if [[ -z ${SOAKWATCH_BUILD:-} ]]; then
    if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
    cmake --preset release >build/configure-release.log
    cmake --build --preset release --target soakwatchd soakwatch -j "$(nproc)"
    export SOAKWATCH_BUILD=$root/build/release
  fi
}

main() {
  if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    usage
    return 0
  fi
  check_preconditions
  mkdir -p build
  build_programs
  build_leaky
  make_system "$SOAKWATCH_BUILD/daemon/soakwatchd" "$SOAKWATCH_BUILD/cli/soakwatch"
  run_tests "$tests_limit" tests/system/test_unit_target.py "$@"
}

main "$@"
