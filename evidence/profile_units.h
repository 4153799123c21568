// Figures as pprof writes them: "1.50MB", "120ms", "12.35%".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace soakwatch {

struct ScaledValue {
  double value = 0;
  std::string unit;  // "MB"; empty for counts
};

// `value` of one unit ("bytes", "nanoseconds", ...) in another. To "minimum" or "auto": in the
// largest unit in which it is at least 1. Units that are not known are kept as they are.
ScaledValue scale_value(std::int64_t value, std::string_view from_unit, std::string_view to_unit);

// With two decimals, or none where they are 0.
std::string scaled_text(std::int64_t value, std::string_view from_unit, std::string_view to_unit);

// Six characters at least: " 1.50%", "  100%", "0.031%".
std::string percentage(std::int64_t value, std::int64_t total);

}  // namespace soakwatch
