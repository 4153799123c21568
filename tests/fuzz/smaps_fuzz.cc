#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "evidence/mapping_breakdown.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto mappings = soakwatch::parse_smaps(text);
  if (!mappings) return 0;
  const auto breakdown = soakwatch::mapping_breakdown(*mappings, size);
  double count = 0;
  for (const auto& group : breakdown.groups) count += group.count;
  if (mappings->empty() || count != static_cast<double>(mappings->size())) std::abort();
  return 0;
}
