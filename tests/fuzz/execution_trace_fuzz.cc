// No trace crashes the reader, and what comes out keeps its limits and makes sense.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <unordered_set>

#include "evidence/execution_trace.h"
#include "evidence/openers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  soakwatch::ExecutionTraceLimits limits;
  limits.max_strings = 1'000;
  limits.max_stacks = 500;
  limits.max_frames = 10'000;
  limits.max_batches = 100;
  limits.max_goroutines = 100;
  limits.max_calls = 200;
  limits.max_groups = 100;
  const auto trace = soakwatch::parse_execution_trace(bytes, limits);
  if (!trace) {
    if (trace.error().message.empty()) std::abort();
    return 0;
  }
  if (trace->groups.size() > limits.max_groups) std::abort();
  double count = 0;
  std::unordered_set<std::string_view> keys;
  for (const soakwatch::Group& group : trace->groups) {
    if (group.count < 1 || group.name.empty() || !keys.insert(group.key).second) std::abort();
    if (group.key.find_first_of("\n\x1b\x7f") != std::string::npos) std::abort();
    count += group.count;
  }
  if (count > trace->total_count) std::abort();
  for (const char* detector : {"fd_growth", "goroutine_growth", "native_memory_growth"}) {
    for (const soakwatch::Culprit& culprit : soakwatch::openers(*trace, detector, 5)) {
      if (!(culprit.share > 0 && culprit.share <= 1 + 1e-9) || culprit.now < 1) std::abort();
    }
  }
  return 0;
}
