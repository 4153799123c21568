#include "collectors/procfs/stat.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // What is read is inside the text, and no name reaches past its parentheses.
  const auto stat = soakwatch::parse_stat(text);
  if (stat && text.find("(" + stat->comm + ")") == std::string_view::npos) std::abort();
  return 0;
}
