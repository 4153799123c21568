#!/usr/bin/env bash
# Builds the Debian package from the tree as it is, in a folder of its own. The same tree gives the
# same package, bit for bit, wherever it lies.
set -euo pipefail

usage() {
  cat <<'END'
Usage: packaging/build-deb.sh [--output DIR] [--work DIR] [--lintian]

  --output DIR  where the packages end up (build/deb)
  --work DIR    where they are built; removed before and after (build/deb-work)
  --lintian     let lintian judge the package; an error or a warning is a failure
END
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
output=$root/build/deb
work=$root/build/deb-work
lintian=no

die() {
  printf 'build-deb: %s\n' "$*" >&2
  exit 1
}

# The files of the tree that are the project's, with what was changed and not committed.
export_tree() {
  mkdir -p "$1"
  if git -C "$root" rev-parse --git-dir >/dev/null 2>&1; then
    local file
    git -C "$root" ls-files -z --cached --others --exclude-standard |
      while IFS= read -r -d '' file; do
        if [[ -e $root/$file ]]; then printf '%s\0' "$file"; fi
      done | tar -C "$root" --null --no-recursion -T - -cf - | tar -C "$1" -xf -
  else
    tar -C "$root" --exclude=./build --exclude=./.git -cf - . | tar -C "$1" -xf -
  fi
  cp -r "$1/packaging/debian" "$1/debian"
}

# The program and the package have one version.
check_version() {
  local program package
  program=$(sed -n 's/^project(soakwatch VERSION \([0-9.]*\).*/\1/p' "$1/CMakeLists.txt")
  package=$(cd "$1" && dpkg-parsechangelog --show-field Version)
  [[ $package == "$program" ]] ||
    die "CMakeLists.txt has version $program, packaging/debian/changelog $package"
}

main() {
  while (($# > 0)); do
    case $1 in
      --output | --work)
        (($# > 1)) || die "$1 needs a value"
        printf -v "${1#--}" '%s' "$2"
        shift
        ;;
      --lintian) lintian=yes ;;
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
  local name
  for name in dpkg-buildpackage dh fakeroot python3; do
    command -v "$name" >/dev/null || die "$name is missing
(packaging/install-deps.sh --package)"
  done
  mkdir -p "$output"
  output=$(realpath "$output")
  work=$(realpath -m "$work")
  rm -rf "$work"
  export_tree "$work/soakwatch"
  check_version "$work/soakwatch"
  if command -v ccache >/dev/null && [[ -z ${CCACHE_DISABLE:-} ]]; then
    export CMAKE_CXX_COMPILER_LAUNCHER=ccache
    # debhelper gives a build a home of its own, where no cache would outlive it. Paths stay what the
    # compiler makes of them without a cache: rewritten ones end up in the debug information, and its
    # hash in the programs.
    CCACHE_DIR=$(ccache --get-config cache_dir)
    export CCACHE_DIR CCACHE_BASEDIR='' CCACHE_HASHDIR=1
  fi
  (
    cd "$work/soakwatch"
    # What the packages hold depends on none of these.
    export LC_ALL=C.UTF-8 TZ=UTC
    unset SOURCE_DATE_EPOCH CFLAGS CXXFLAGS LDFLAGS
    umask 022
    dpkg-buildpackage -us -uc -b
  ) >"$output/build.log" 2>&1 || {
    tail -n 40 "$output/build.log" >&2
    die "the build failed: $output/build.log"
  }
  local built=("$work"/*.deb "$work"/*.changes "$work"/*.buildinfo)
  if [[ $lintian == yes ]]; then
    command -v lintian >/dev/null || die "lintian is missing (apt-get install lintian)"
    lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$work"/*.changes
  fi
  mv "${built[@]}" "$output"
  rm -rf "$work"
  (cd "$output" && sha256sum "${built[@]##*/}" | grep '\.deb$')
}

main "$@"
