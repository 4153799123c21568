// Which process: a pid alone names nothing, because the kernel uses it again.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

namespace soakwatch {

struct ProcessId {
  std::string boot_id;  // /proc/sys/kernel/random/boot_id
  pid_t pid = 0;        // in the pid namespace of the observer
  std::uint64_t start_ticks =
      0;  // start time in clock ticks since boot, field 22 of /proc/PID/stat

  friend bool operator==(const ProcessId&, const ProcessId&) = default;
};

// What a process cannot go beyond, as it was when the process was found; absent: unlimited or
// unreadable.
struct ProcessLimits {
  std::optional<double> open_files;    // soft RLIMIT_NOFILE
  std::optional<double> memory_bytes;  // the tightest memory.max on the way up its cgroups
  std::optional<double> tasks;         // the tightest pids.max
};

// What is known of one process instance besides its numbers. Strings come from the process itself
// and are hostile: escape them (model/printable.h) before they reach a terminal or a log.
struct ProcessInfo {
  ProcessId id;
  std::string comm;     // the kernel's name for it, at most 15 bytes
  std::string exe;      // path of the executable; empty where unreadable
  std::string cmdline;  // arguments joined by blanks, at most 4096 bytes
  // From its environment, where readable; runtime setters may have changed them since.
  std::optional<double> gogc_percent;  // GOGC; absent when unset, unreadable or "off"
  bool gogc_off = false;
  std::optional<double> gomemlimit_bytes;
  ProcessLimits limits;
};

}  // namespace soakwatch
