#!/usr/bin/env bash
# Builds the Debian package, lets lintian judge it, and takes it through its life on a small Debian 12
# that really booted: install, watch, alert, reload, upgrade, remove, purge. Needs root. Exit status: 0
# all passed, 77 skipped, anything else failed.
set -euo pipefail

usage() {
  cat <<'END'
Usage: tests/system/package.sh [--reproducible] [PYTEST_ARGUMENT...]

  --reproducible  also build the package a second time, in another folder and without ccache, and
                  compare the two bit for bit

SOAKWATCH_DEBS: folder of an earlier run (build/deb-test), to try those packages again.
SOAKWATCH_DEBIAN_MIRROR: where the container's packages come from, when it is first made
  (http://deb.debian.org/debian).
END
}

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/system/system_root.sh
. tests/system/system_root.sh
# They take about three minutes.
tests_limit=20m

check_build_preconditions() {
  local name missing=()
  for name in dpkg-buildpackage dh fakeroot lintian; do
    command -v "$name" >/dev/null || missing+=("$name")
  done
  ((${#missing[@]} == 0)) || skip "missing: ${missing[*]}
(apt-get install --no-install-recommends build-essential debhelper fakeroot lintian)"
}

build_packages() {
  printf 'building the package in build/deb-test\n'
  rm -rf build/deb-test
  packaging/build-deb.sh --lintian --output build/deb-test/first
  make_later_version build/deb-test/first/soakwatch_*.deb
}

# The same package with a later version: what dpkg makes of an upgrade depends on nothing else.
make_later_version() {
  local tree=build/deb-test/tree
  mkdir build/deb-test/later
  dpkg-deb --raw-extract "$1" "$tree"
  sed -i 's/^Version: .*/&+later/' "$tree/DEBIAN/control"
  dpkg-deb --root-owner-group --build "$tree" build/deb-test/later
  rm -rf "$tree"
}

# In a folder of another name and depth, with every object compiled again.
check_reproducible() {
  local first second
  printf 'building the package again\n'
  CCACHE_DISABLE=1 packaging/build-deb.sh --output build/deb-test/again \
    --work build/deb-test/another-place/far/away/from/the-first
  first=$(cd build/deb-test/first && sha256sum -- *.deb)
  second=$(cd build/deb-test/again && sha256sum -- *.deb)
  if [[ $first != "$second" ]]; then
    printf 'FAILED: two builds of one tree differ\n%s\n%s\n' "$first" "$second"
    exit 1
  fi
  printf 'two builds of one tree are the same, bit for bit\n'
}

main() {
  local reproducible=no
  if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    usage
    return 0
  fi
  if [[ ${1:-} == --reproducible ]]; then
    reproducible=yes
    shift
  fi
  check_container_preconditions
  mkdir -p build
  build_leaky
  if [[ -z ${SOAKWATCH_DEBS:-} ]]; then
    check_build_preconditions
    build_packages
    if [[ $reproducible == yes ]]; then check_reproducible; fi
    export SOAKWATCH_DEBS=$root/build/deb-test
  fi
  rm -rf build/deb-test/programs
  mkdir -p build/deb-test
  dpkg-deb -x "$SOAKWATCH_DEBS"/first/soakwatch_*.deb build/deb-test/programs
  make_system build/deb-test/programs/usr/bin/soakwatchd build/deb-test/programs/usr/bin/soakwatch
  rm -rf build/deb-test/programs
  run_tests "$tests_limit" tests/system/test_package.py "$@"
}

main "$@"
