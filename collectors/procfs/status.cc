#include "collectors/procfs/status.h"

#include <string>

#include "collectors/procfs/kernel_text.h"

namespace soakwatch {

Result<ProcStatus> parse_status(std::string_view text) {
  ProcStatus status;
  bool has_state = false;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view key = line.substr(0, colon);
    std::string_view value = line.substr(colon + 1);
    std::optional<std::uint64_t>* number = nullptr;
    if (key == "State") {
      const std::string_view state = take_field(value);
      if (state.size() != 1) return invalid("status: State is wrong");
      status.state = state.front();
      has_state = true;
    } else if (key == "Threads") {
      status.threads = parse_unsigned<std::uint64_t>(take_field(value));
      if (!status.threads) return invalid("status: Threads is wrong");
    } else if (key == "RssAnon") {
      number = &status.rss_anon_bytes;
    } else if (key == "RssFile") {
      number = &status.rss_file_bytes;
    } else if (key == "VmSwap") {
      number = &status.swap_bytes;
    }
    if (number == nullptr) continue;
    *number = parse_kilobytes(value);
    if (!*number) return invalid("status: " + std::string(key) + " is wrong");
  }
  if (!has_state) return invalid("status: no State line");
  return status;
}

}  // namespace soakwatch
