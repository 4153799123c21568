// Any text as a configuration file: no crash, no exception, and what is accepted is shown and read
// back the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/load_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const soakwatch::LoadedConfig loaded = soakwatch::parse_config(text);
  const std::string shown = soakwatch::show_config(loaded.config);
  if (!loaded.errors.empty()) return 0;
  const soakwatch::LoadedConfig again = soakwatch::parse_config(shown);
  if (!again.errors.empty() || soakwatch::show_config(again.config) != shown) std::abort();
  return 0;
}
