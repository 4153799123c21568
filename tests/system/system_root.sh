# Sourced by the scripts of this folder: the small Debian 12 that they boot, and what they need besides.
# shellcheck shell=bash
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
system=$root/build/system-root
base_packages=(dbus dbus-user-session libpam-systemd sqlite3 systemd systemd-sysv)
# A first debootstrap takes about a minute.
debootstrap_limit=15m

skip() {
  printf 'skipped: %s\n' "$*"
  exit 77
}

# check_preconditions PACKAGES COMMAND...: what all of them need, and these commands of these packages.
check_preconditions() {
  local name missing=() packages=$1
  shift
  local ID='' VERSION_ID=''
  # shellcheck source=/dev/null
  [[ ! -r /etc/os-release ]] || . /etc/os-release
  [[ $ID == debian && $VERSION_ID == 12 ]] ||
    skip "what is booted is a Debian 12, and runs programs that were built on one"
  [[ $EUID -eq 0 ]] || skip "a small Debian can be made and booted by root only"
  for name in debootstrap setpriv go "$@"; do
    command -v "$name" >/dev/null || missing+=("$name")
  done
  ((${#missing[@]} == 0)) || skip "missing: ${missing[*]}
(apt-get install --no-install-recommends debootstrap util-linux golang-go $packages)"
  python=$(python_with_pytest) || skip "there is no pytest (apt-get install python3-pytest)"
}

check_container_preconditions() {
  check_preconditions systemd-container systemd-nspawn nsenter
}

# Debian's package belongs to Debian's Python.
python_with_pytest() {
  local name
  for name in python3 /usr/bin/python3; do
    if "$name" -c 'import pytest' 2>/dev/null; then
      printf '%s' "$name"
      return 0
    fi
  done
  return 1
}

# Those of SOAKWATCH_BUILD, or else of build/release, which is built.
build_programs() {
  if [[ -z ${SOAKWATCH_BUILD:-} ]]; then
    if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
    cmake --preset release >build/configure-release.log
    cmake --build --preset release --target soakwatchd soakwatch -j "$(nproc)"
    export SOAKWATCH_BUILD=$root/build/release
  fi
}

build_leaky() {
  local go=/usr/lib/go-1.19/bin/go  # Debian's, the oldest that is supported
  [[ -x $go ]] || go=go
  export SOAKWATCH_TARGETS=$root/build/targets
  (cd tests/targets/leaky && GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local \
    GOCACHE=$root/build/go-cache "$go" build -o "$SOAKWATCH_TARGETS/leaky" .)
}

# The packages of the shared libraries that the programs were linked with here.
runtime_packages() {
  local file
  ldd "$@" |
    sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | sort -u |
    while read -r file; do
      # Debian 12 knows some files by /lib/..., others by /usr/lib/...
      dpkg-query -S "$file" 2>/dev/null || dpkg-query -S "$(realpath "$file")" 2>/dev/null ||
        dpkg-query -S "/usr$file"
    done | cut -d : -f 1 | sort -u
}

# make_system PROGRAM...: a system in which these run. Kept until other packages are needed: no network
# is used then.
make_system() {
  local found packages list mirror=${SOAKWATCH_DEBIAN_MIRROR:-http://deb.debian.org/debian}
  found=$(runtime_packages "$@")
  mapfile -t packages <<<"$found"
  list=$(IFS=, && printf '%s' "${base_packages[*]},${packages[*]}")
  if [[ -e $system.packages && $(<"$system.packages") == "$list" ]]; then
    printf 'using %s as it is\n' "$system"
    return
  fi
  printf 'making %s from %s\n' "$system" "$mirror"
  rm -rf "$system" "$system.packages"
  timeout --kill-after=10 "$debootstrap_limit" debootstrap --variant=minbase --include="$list" \
    bookworm "$system" "$mirror" >build/debootstrap.log 2>&1 || {
    tail -n 20 build/debootstrap.log
    exit 1
  }
  rm -f "$system"/var/cache/apt/archives/*.deb
  printf '%s' "$list" >"$system.packages"
}

# run_tests LIMIT FILE [PYTEST_ARGUMENT...]
run_tests() {
  local limit=$1
  shift
  SOAKWATCH_SYSTEM=$system timeout --foreground --signal=INT --kill-after=60 "$limit" \
    "$python" -m pytest -ra -v -p no:cacheprovider "$@"
}
