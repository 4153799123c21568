// /proc/PID/smaps_rollup.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/result.h"

namespace soakwatch {

struct SmapsRollup {
  std::uint64_t pss_bytes = 0;
  std::optional<std::uint64_t> lazy_free_bytes;  // since Linux 4.12
  std::optional<std::uint64_t> anon_huge_bytes;
  std::optional<std::uint64_t> swap_bytes;
};

// Lines that are not known are passed over. Error kInvalid: no Pss line, or a known line that does
// not hold its number.
Result<SmapsRollup> parse_smaps_rollup(std::string_view text);

}  // namespace soakwatch
