#include "evidence/read_breakdown.h"

#include "evidence/gunzip.h"
#include "evidence/profile_breakdown.h"

namespace soakwatch {
Result<Breakdown> read_breakdown(std::string_view bytes, const CaptureLimits& limits) {
  std::string plain;
  if (is_gzip(bytes)) {
    auto text = gunzip(bytes, limits.profile.max_decompressed_bytes);
    if (!text) return text.error();
    plain = std::move(*text);
    bytes = plain;
  }
  if (bytes.empty()) return invalid("an empty capture");
  // The forms that are text say in their first line what they are; what says nothing is a profile.
  const auto profile = parse_profile(bytes, limits.profile);
  if (!profile) return profile.error();
  return profile_breakdown(*profile, limits.profile);
}

}  // namespace soakwatch
