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
  std::uint64_t major_faults = 0;  // of all threads, the ended ones too; so are the times
  std::uint64_t user_ticks = 0;
  std::uint64_t system_ticks = 0;
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;  // since boot
  std::uint64_t vsize_bytes = 0;  // 0: no memory of its own (kernel thread, ended main thread)

  // The main thread has ended: a zombie, unless other threads live on.
  [[nodiscard]] bool main_thread_ended() const { return state == 'Z' || state == 'X'; }
  // By a signal, or by a debugger.
  [[nodiscard]] bool stopped() const { return state == 'T' || state == 't'; }
};

// Error kInvalid: not such a line.
Result<ProcStat> parse_stat(std::string_view text);

}  // namespace soakwatch
