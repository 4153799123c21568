// No dump crashes the reader, and what comes out keeps its limits and makes sense.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <unordered_set>

#include "evidence/goroutine_dump.h"
#include "evidence/stuck_goroutines.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  soakwatch::GoroutineDumpLimits limits;
  limits.max_groups = 8;
  limits.max_frames = 16;
  limits.max_line_bytes = 1024;
  const auto dump = soakwatch::parse_goroutine_dump(text, limits);
  if (!dump) {
    if (dump.error().message.empty()) std::abort();
    return 0;
  }
  if (dump->total_count < 1 || dump->groups.size() > limits.max_groups) std::abort();
  if (dump->groups.empty() && !dump->truncated) std::abort();
  double count = 0;
  std::unordered_set<std::string_view> keys;
  for (const soakwatch::Group& group : dump->groups) {
    if (group.count < 1 || group.name.empty() || !keys.insert(group.key).second) std::abort();
    if (group.stack.size() > limits.max_frames + 2) std::abort();
    if (group.key.find_first_of("\n\x1b\x7f") != std::string::npos) std::abort();
    count += group.count;
  }
  if (count > dump->total_count) std::abort();
  for (const auto& stuck : soakwatch::stuck_goroutines(*dump, {})) soakwatch::describe(stuck);
  return 0;
}
