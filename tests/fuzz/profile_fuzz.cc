// No bytes crash the reader of profiles or what is made from them, and no group comes out that
// cannot be.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "evidence/profile_top.h"
#include "evidence/read_breakdown.h"

namespace {

// As a profile at most holds in a run of the fuzzer: a gzip bomb is found by its limit, not by
// time.
soakwatch::CaptureLimits limits() {
  soakwatch::CaptureLimits result;
  result.profile.max_decompressed_bytes = 1 << 20;
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto breakdown = soakwatch::read_breakdown(bytes, limits());
  if (breakdown) {
    for (const soakwatch::Group& group : breakdown->groups) {
      if (group.key.empty() || group.name.empty()) std::abort();
    }
    if (!soakwatch::what_grew(*breakdown, *breakdown).empty() &&
        breakdown->groups.size() < limits().profile.max_groups) {
      std::abort();
    }
  }
  const auto profile = soakwatch::parse_profile(bytes, limits().profile);
  if (!profile) return 0;
  if (profile->samples.size() > limits().profile.max_samples) std::abort();
  const auto top = soakwatch::profile_top(*profile);
  const auto difference = soakwatch::profile_top(*profile, *profile);
  if (top && top->empty()) std::abort();
  if (top.has_value() != difference.has_value()) std::abort();
  return 0;
}
