#include "collectors/procfs/go_environment.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

#include "collectors/procfs/kernel_text.h"

namespace soakwatch {
namespace {

std::optional<std::string_view> variable(std::string_view environment, std::string_view name) {
  while (!environment.empty()) {
    const std::size_t end = std::min(environment.find('\0'), environment.size());
    const std::string_view entry = environment.substr(0, end);
    environment.remove_prefix(std::min(end + 1, environment.size()));
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') {
      return entry.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

void read_gogc(std::string_view value, GoEnvironment& out) {
  if (value == "off") {
    out.gogc_off = true;
    return;
  }
  std::int32_t percent = 0;
  const char* end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, percent);
  if (error != std::errc() || stop != end) return;
  if (percent < 0) {
    out.gogc_off = true;
  } else {
    out.gogc_percent = percent;
  }
}

std::optional<double> byte_count(std::string_view value) {
  struct Suffix {
    std::string_view text;
    unsigned shift;
  };
  constexpr std::array<Suffix, 5> kSuffixes{
      {{"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}, {"B", 0}}};
  unsigned shift = 0;
  for (const Suffix& suffix : kSuffixes) {
    if (!value.ends_with(suffix.text)) continue;
    value.remove_suffix(suffix.text.size());
    shift = suffix.shift;
    break;
  }
  const auto number = parse_unsigned<std::uint64_t>(value);
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (!number || *number > (kMax >> shift)) return std::nullopt;
  return static_cast<double>(*number << shift);
}

}  // namespace

GoEnvironment parse_go_environment(std::string_view text) {
  GoEnvironment out;
  if (const auto gogc = variable(text, "GOGC")) read_gogc(*gogc, out);
  if (const auto limit = variable(text, "GOMEMLIMIT")) out.gomemlimit_bytes = byte_count(*limit);
  return out;
}

}  // namespace soakwatch
