#!/usr/bin/env bash
# Boots a small Debian 12 with Debian's own kernel in qemu and does to it what no container allows: a
# hundred thousand descriptors where they have to be listed, power cuts, a disk that is full. Needs root;
# no virtualization by hardware, which only makes it faster. Exit status: 0 all passed, 77 skipped, anything
# else failed.
set -euo pipefail

usage() {
  cat <<'END'
Usage: tests/system/machine.sh [--cuts N] [PYTEST_ARGUMENT...]

  --cuts N  power cuts, about a minute each where all is emulated (6)

SOAKWATCH_BUILD: build tree with the programs to test; without it build/release is built.
SOAKWATCH_DEBIAN_MIRROR: where the system's packages come from, when it is first made
  (http://deb.debian.org/debian). The kernel's comes by apt-get download.
END
}

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/system/system_root.sh
. tests/system/system_root.sh
machine=$root/build/machine
kernel=$root/build/machine-kernel
# For disks and a shared folder, and what these need.
modules=(virtio virtio_ring virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk
  crc16 crc32c_generic mbcache jbd2 ext4 netfs fscache 9pnet 9pnet_virtio 9p)
tests_seconds=1200
seconds_a_cut=180

# Debian's kernel as it lies in its package; nothing is installed here. Kept, as the system is.
make_kernel() {
  local package
  if [[ -e $kernel/complete ]]; then return; fi
  package=$(apt-cache depends linux-image-amd64 2>/dev/null |
    sed -n 's/^ *Depends: \(linux-image-6\.1\..*\)/\1/p' || true)
  [[ -n $package ]] || skip "apt knows no linux-image-amd64 6.1 (apt-get update)"
  printf 'fetching %s\n' "$package"
  rm -rf "$kernel"
  mkdir -p "$kernel"
  (cd "$kernel" && apt-get -q download "$package" >apt.log 2>&1) ||
    skip "$package cannot be fetched: $(tail -n 1 "$kernel/apt.log")"
  dpkg-deb --extract "$kernel"/*.deb "$kernel"
  rm "$kernel"/*.deb
  touch "$kernel/complete"
}

make_initrd() {
  local content=$machine/initrd-content name
  mkdir -p "$content/modules"
  gcc -static -O1 -Wall -Werror -o "$content/init" tests/system/first_program.c
  for name in "${modules[@]}"; do
    find "$kernel/lib/modules" -name "$name.ko" -exec cp {} "$content/modules" \;
  done
  (cd "$content" && find . | cpio --quiet -o -H newc) >"$machine/initrd"
}

# The system with the programs in it, as a disk. Its files are links to those of the container: none is
# written to, only new ones are added.
make_disk() {
  local tree=$machine/tree units
  cp -al "$system" "$tree"
  install "$SOAKWATCH_BUILD/daemon/soakwatchd" "$SOAKWATCH_BUILD/cli/soakwatch" \
    "$SOAKWATCH_TARGETS/leaky" "$tree/usr/local/bin"
  install tests/system/agent.sh "$tree/usr/local/sbin/agent"
  mkdir "$tree/shared" "$tree/data"
  units=$tree/etc/systemd/system
  printf '[Service]\nExecStart=/usr/local/sbin/agent\n' >"$units/agent.service"
  mkdir -p "$units/multi-user.target.wants"
  ln -s ../agent.service "$units/multi-user.target.wants/agent.service"
  mkfs.ext4 -q -d "$tree" "$machine/disk.img" 1G
  rm -rf "$tree"
}

main() {
  local cuts=6
  if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    usage
    return 0
  fi
  if [[ ${1:-} == --cuts ]]; then
    cuts=$2
    shift 2
  fi
  check_preconditions "qemu-system-x86 e2fsprogs cpio gcc libc6-dev" \
    qemu-system-x86_64 mkfs.ext4 cpio gcc
  mkdir -p build
  build_programs
  build_leaky
  make_system "$SOAKWATCH_BUILD/daemon/soakwatchd" "$SOAKWATCH_BUILD/cli/soakwatch"
  make_kernel
  rm -rf "$machine"
  mkdir -p "$machine"
  cp "$kernel"/boot/vmlinuz-* "$machine/vmlinuz"
  make_initrd
  make_disk
  export SOAKWATCH_MACHINE=$machine SOAKWATCH_CUTS=$cuts
  run_tests "$((tests_seconds + cuts * seconds_a_cut))s" tests/system/test_machine.py "$@"
}

main "$@"
