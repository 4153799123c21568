// /proc/PID/statm.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/result.h"

namespace soakwatch {

struct ProcStatm {
  std::uint64_t size_pages = 0;  // 0: no memory of its own
  std::uint64_t resident_pages = 0;
};

// Error kInvalid: not such a line.
Result<ProcStatm> parse_statm(std::string_view text);

}  // namespace soakwatch
