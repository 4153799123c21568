// /proc/PID/stat.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/result.h"

namespace soakwatch {

struct ProcStat {
  std::string comm;  // hostile: any bytes but NUL
  char state = '?';
  std::uint64_t parent_pid = 0;
  bool exiting = false;            // its memory and descriptors go, or are gone
  std::uint64_t major_faults = 0;  // of all threads, the ended ones too; so are the times
  std::uint64_t user_ticks = 0;
  std::uint64_t system_ticks = 0;
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;  // since boot
  std::uint64_t vsize_bytes = 0;  // 0: no memory of its own (kernel thread, ended main thread)
  std::uint64_t start_stack = 0;  // address, set by each exec; 0: hidden, or no memory

  // The main thread has ended, or is about to: the process ends, unless other threads live on. The
  // kernel takes memory and descriptors away before it makes a zombie of what is left, and with
  // many descriptors to close a tenth of a second passes.
  [[nodiscard]] bool main_thread_ended() const { return exiting || state == 'Z' || state == 'X'; }
  // By a signal, or by a debugger.
  [[nodiscard]] bool stopped() const { return state == 'T' || state == 't'; }
};

// Error kInvalid: not such a line.
Result<ProcStat> parse_stat(std::string_view text);

}  // namespace soakwatch
