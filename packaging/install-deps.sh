#!/usr/bin/env bash
# Installs what is missing to build, try or test soakwatch on Debian 12, by apt. Does nothing, and
# asks for nothing, when everything is there.
set -euo pipefail

usage() {
  cat <<'END'
Usage: packaging/install-deps.sh [--build | --package | --quickstart | --test] [--list]

  --build       what building soakwatch needs (the default)
  --package     that, and what packaging/build-deb.sh needs
  --quickstart  what building needs, and a Go compiler for the program that leaks
  --test        that, and what tests/run.sh needs: test libraries, clang tools, Python, LibreOffice
  --list        only print the packages that are missing
END
}

build_packages=(
  cmake g++ ninja-build pkg-config
  libboost1.81-dev libboost-json1.81-dev libcli11-dev libfmt-dev libprotozero-dev libspdlog-dev libsqlitecpp-dev
  libsystemd-dev libyaml-cpp-dev zlib1g-dev
)
package_packages=(build-essential debhelper fakeroot lintian python3)
quickstart_packages=(golang-go)
test_packages=(
  libbenchmark-dev libgmock-dev libgtest-dev
  clang-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev
  curl e2fsprogs fiu-utils procps python3 python3-pytest python3-pytest-xdist shellcheck sqlite3
  libreoffice-calc-nogui
)

# Packages that may be there from elsewhere: a command of theirs is enough.
declare -A enough=(
  [cmake]=cmake [ninja-build]=ninja [golang-go]=go [libreoffice-calc-nogui]=soffice
)

die() {
  printf 'install-deps: %s\n' "$*" >&2
  exit 1
}

is_installed() {
  local status
  status=$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) || status=missing
  [[ $status == installed ]] && return 0
  [[ -n ${enough[$1]:-} ]] && command -v "${enough[$1]}" >/dev/null
}

explain_other_system() {
  cat >&2 <<'END'
install-deps: this installs packages on Debian 12 only. On another system install these yourself:
  to build:     CMake 3.25 or newer, Ninja, pkg-config, a C++20 compiler (g++ 12 is known to work),
                Boost 1.81 or newer with Boost.JSON, SQLiteCpp 3.2, protozero 1.7, spdlog 1.10, fmt 9, yaml-cpp 0.7,
                CLI11 2.1, zlib, libsystemd
  to try:       Go 1.19 or newer
  to test:      GoogleTest, Google Benchmark, clang 14 with clang-tidy, clang-format and its
                run-time libraries, Python 3 with pytest, sqlite3, curl, ps, mkfs.ext4, libfiu, shellcheck, LibreOffice Calc
Then call packaging/quickstart.sh or tests/run.sh with --no-install.
END
  exit 1
}

install() {
  local command=(apt-get -o DPkg::Lock::Timeout=120 -o Acquire::Retries=2)
  local by_hand="apt-get update && apt-get install --no-install-recommends $*"
  if [[ $EUID -ne 0 ]]; then
    command -v sudo >/dev/null || die "missing packages: $*
As root (there is no sudo here), run: $by_hand"
    command=(sudo env DEBIAN_FRONTEND=noninteractive "${command[@]}")
    by_hand="sudo apt-get update && sudo apt-get install --no-install-recommends $*"
  fi
  export DEBIAN_FRONTEND=noninteractive
  printf 'install-deps: installing %s\n' "$*"
  # A repository that does not answer is not the end: the lists on disk may do.
  "${command[@]}" -q update >&2 || printf 'install-deps: the package lists could not be renewed\n' >&2
  "${command[@]}" -q install -y --no-install-recommends "$@" >&2 || die "apt-get could not install: $*
Is there a network, and are the Debian 12 repositories in /etc/apt? When both are right, run: $by_hand"
}

main() {
  local packages=("${build_packages[@]}") missing=() list=no
  while (($# > 0)); do
    case $1 in
      --build) packages=("${build_packages[@]}") ;;
      --package) packages=("${build_packages[@]}" "${package_packages[@]}") ;;
      --quickstart) packages=("${build_packages[@]}" "${quickstart_packages[@]}") ;;
      --test) packages=("${build_packages[@]}" "${quickstart_packages[@]}" "${test_packages[@]}") ;;
      --list) list=yes ;;
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
  local ID='' VERSION_ID=''
  if [[ -r /etc/os-release ]]; then
    # shellcheck source=/dev/null
    . /etc/os-release
  fi
  [[ $ID == debian && $VERSION_ID == 12 ]] || explain_other_system
  local package
  for package in "${packages[@]}"; do
    is_installed "$package" || missing+=("$package")
  done
  if [[ $list == yes ]]; then
    ((${#missing[@]} == 0)) || printf '%s\n' "${missing[@]}"
    return 0
  fi
  ((${#missing[@]} == 0)) || install "${missing[@]}"
}

main "$@"
