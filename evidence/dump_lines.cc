#include "evidence/dump_lines.h"

#include <fmt/format.h>

#include "model/printable.h"

namespace soakwatch {

bool DumpLines::next(std::string_view& line) {
  if (rest_.empty()) return false;
  const std::size_t end = rest_.find('\n');
  is_whole_ = end != std::string_view::npos;
  line = rest_.substr(0, end);
  rest_.remove_prefix(is_whole_ ? end + 1 : rest_.size());
  if (line.ends_with('\r')) line.remove_suffix(1);
  ++number_;
  return true;
}

Error DumpLines::error(std::string_view what) const {
  return invalid(fmt::format("line {}: {}", number_, what));
}

Error DumpLines::error(std::string_view what, std::string_view text) const {
  return error(fmt::format("{}: '{}'", what, printable(text, 80)));
}

Result<void> DumpLines::check_length(std::string_view line, std::size_t max_bytes) const {
  if (line.size() <= max_bytes) return {};
  return error(fmt::format("longer than {} bytes", max_bytes));
}

}  // namespace soakwatch
