#include "collectors/procfs/process_limits.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)soakwatch::parse_open_files_limit(text);
  const auto limit = soakwatch::parse_cgroup_limit(text);
  // A number that was read is the number that stands there.
  if (limit && *limit && soakwatch::parse_cgroup_limit(std::to_string(**limit)).value() != *limit)
    std::abort();
  return 0;
}
