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

main() {
  if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    usage
    return 0
  fi
  check_container_preconditions
  mkdir -p build
  build_programs
  build_leaky
  make_system "$SOAKWATCH_BUILD/daemon/soakwatchd" "$SOAKWATCH_BUILD/cli/soakwatch"
  run_tests "$tests_limit" tests/system/test_unit_target.py "$@"
}

main "$@"
