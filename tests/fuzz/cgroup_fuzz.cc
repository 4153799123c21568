#include "collectors/procfs/cgroup.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto own = soakwatch::cgroup2_path(text);
  if (own && !own->starts_with('/')) std::abort();
  const auto paths = soakwatch::parse_cgroup(text);
  if (!paths) return 0;
  for (const auto& path : *paths) {
    if (!soakwatch::cgroup_at_or_below(path, path) || !soakwatch::cgroup_at_or_below(path, "/"))
      std::abort();
    soakwatch::cgroup_in_unit(path, "a.service");
  }
  return 0;
}
