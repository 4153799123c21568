#include "collectors/procfs/smaps_rollup.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto rollup = soakwatch::parse_smaps_rollup(text);
  if (rollup && rollup->pss_bytes % 1024 != 0) std::abort();
  return 0;
}
