#include "collectors/procfs/smaps_rollup.h"

#include <string>

#include "collectors/procfs/kernel_text.h"

namespace soakwatch {

Result<SmapsRollup> parse_smaps_rollup(std::string_view text) {
  SmapsRollup rollup;
  std::optional<std::uint64_t> pss;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view key = line.substr(0, colon);
    std::optional<std::uint64_t>* number = nullptr;
    if (key == "Pss") number = &pss;
    if (key == "LazyFree") number = &rollup.lazy_free_bytes;
    if (key == "AnonHugePages") number = &rollup.anon_huge_bytes;
    if (key == "Swap") number = &rollup.swap_bytes;
    if (number == nullptr) continue;
    *number = parse_kilobytes(line.substr(colon + 1));
    if (!*number) return invalid("smaps_rollup: " + std::string(key) + " is wrong");
  }
  if (!pss) return invalid("smaps_rollup: no Pss line");
  rollup.pss_bytes = *pss;
  return rollup;
}

}  // namespace soakwatch
