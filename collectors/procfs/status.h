// /proc/PID/status.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/result.h"

namespace soakwatch {

// Memory is absent for kernel threads and processes whose main thread ended; RssAnon and RssFile
// before Linux 4.5 too.
struct ProcStatus {
  char state = '?';
  std::optional<std::uint64_t> threads;
  std::optional<std::uint64_t> rss_anon_bytes;
  std::optional<std::uint64_t> rss_file_bytes;
  std::optional<std::uint64_t> swap_bytes;
};

// Lines that are not known are passed over. Error kInvalid: no State line, or a known line that
// does not hold its number.
Result<ProcStatus> parse_status(std::string_view text);

}  // namespace soakwatch
