// No page crashes the parser, and no row comes out that makes no sense.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/pprof/index_page.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const soakwatch::Result<soakwatch::IndexPage> page = soakwatch::parse_index_page(text);
  if (!page) return 0;
  if (page->profiles.empty()) std::abort();
  for (const soakwatch::ProfileCount& profile : page->profiles) {
    if (profile.name.empty() || profile.count > std::uint64_t{1} << 53) std::abort();
  }
  return 0;
}
