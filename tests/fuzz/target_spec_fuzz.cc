// Any text as a SPEC, a duration or a size: what is accepted is written and read back the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/target_spec.h"
#include "config/units.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto spec = soakwatch::parse_target_spec(text)) {
    const auto again = soakwatch::parse_target_spec(soakwatch::to_string(*spec));
    if (!again || *again != *spec) std::abort();
    const std::string name = soakwatch::default_target_name(*spec);
    if (!soakwatch::target_name_mistake(name).empty()) std::abort();
  }
  if (const auto duration = soakwatch::parse_duration(text)) {
    const auto again = soakwatch::parse_duration(soakwatch::duration_text(*duration));
    if (!again || *again != *duration) std::abort();
  }
  if (const auto bytes = soakwatch::parse_size(text)) {
    const auto again = soakwatch::parse_size(soakwatch::size_text(*bytes));
    if (!again || *again != *bytes) std::abort();
  }
  return 0;
}
