#include "collectors/procfs/status.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto status = soakwatch::parse_status(text);
  if (status && status->rss_anon_bytes && *status->rss_anon_bytes % 1024 != 0) std::abort();
  return 0;
}
