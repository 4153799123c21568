#include "collectors/procfs/kernel_text.h"

#include <algorithm>
#include <limits>

namespace soakwatch {

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::string_view take_field(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
  const std::string_view field = line.substr(0, end);
  line.remove_prefix(end);
  return field;
}

std::string_view whole_lines(std::string_view text) {
  const std::size_t last = text.rfind('\n');
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

std::string_view without_deleted(std::string_view exe) {
  constexpr std::string_view kMark = " (deleted)";
  if (exe.ends_with(kMark)) exe.remove_suffix(kMark.size());
  return exe;
}

std::optional<std::uint64_t> parse_kilobytes(std::string_view text) {
  constexpr std::uint64_t kBytesPerKilobyte = 1024;
  const auto kilobytes = parse_unsigned<std::uint64_t>(take_field(text));
  if (!kilobytes || take_field(text) != "kB" || !take_field(text).empty()) return std::nullopt;
  if (*kilobytes > std::numeric_limits<std::uint64_t>::max() / kBytesPerKilobyte) {
    return std::nullopt;
  }
  return *kilobytes * kBytesPerKilobyte;
}

}  // namespace soakwatch
