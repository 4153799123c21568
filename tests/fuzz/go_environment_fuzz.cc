#include "collectors/procfs/go_environment.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto go = soakwatch::parse_go_environment(text);
  if (go.gogc_off && go.gogc_percent) std::abort();
  if (go.gomemlimit_bytes && !(*go.gomemlimit_bytes >= 0 && *go.gomemlimit_bytes < 9.3e18))
    std::abort();
  return 0;
}
