// The settings of the Go runtime in /proc/PID/environ.
#pragma once

#include <optional>
#include <string_view>

namespace soakwatch {

// Longer environments are read up to here.
inline constexpr std::size_t kMaxEnvironBytes = std::size_t{256} * 1024;

struct GoEnvironment {
  std::optional<double> gogc_percent;  // absent: unset, off, or not a number (Go then takes 100)
  bool gogc_off = false;
  std::optional<double> gomemlimit_bytes;  // absent: unset, off or malformed
};

// Takes any text, with NULs between the variables. The first of equal names counts, and the values
// are read by the rules of Go's runtime (readGOGC in mgcpacer.go, parseByteCount in string.go).
GoEnvironment parse_go_environment(std::string_view text);

}  // namespace soakwatch
