#include "evidence/profile.h"

#include <fmt/format.h>

#include <algorithm>

#include "evidence/gunzip.h"
#include "evidence/profile_reader.h"
#include "model/printable.h"

namespace soakwatch {

Result<Profile> parse_profile(std::string_view bytes, const ProfileLimits& limits) {
  std::string plain;
  if (is_gzip(bytes)) {
    auto text = gunzip(bytes, limits.max_decompressed_bytes);
    if (!text) return text.error().in("profile");
    plain = std::move(*text);
    bytes = plain;
  }
  if (bytes.empty()) return invalid("profile: empty");
  if (bytes.size() > limits.max_decompressed_bytes) {
    return Error{ErrorKind::kTooLarge,
                 fmt::format("profile: more than {} bytes", limits.max_decompressed_bytes)};
  }
  return read_profile(bytes, limits);
}

Result<std::size_t> sample_index(const Profile& profile, std::string_view type) {
  const auto& types = profile.sample_types;
  const auto find = [&types](std::string_view name) {
    return static_cast<std::size_t>(
        std::find_if(types.begin(), types.end(),
                     [name](const ProfileValueType& one) { return one.type == name; }) -
        types.begin());
  };
  if (type.empty()) {
    const std::string& standard = profile.text(profile.default_sample_type);
    const std::size_t index = standard.empty() ? types.size() : find(standard);
    return index < types.size() ? index : types.size() - 1;
  }
  std::size_t index = find(type);
  // Old profiles say "space" where new ones say "inuse_space".
  constexpr std::string_view kInUse = "inuse_";
  if (index == types.size() && type.starts_with(kInUse)) {
    index = find(type.substr(kInUse.size()));
  }
  if (index < types.size()) return index;
  std::string known;
  for (const ProfileValueType& one : types)
    known += (known.empty() ? "" : ", ") + printable(one.type);
  return invalid(fmt::format("this profile has no {}, only {}", printable(type), known));
}

}  // namespace soakwatch
