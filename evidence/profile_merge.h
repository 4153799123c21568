// One profile less another, as `go tool pprof -base` does it before it shows anything.
#pragma once

#include "evidence/profile.h"
#include "model/result.h"

namespace soakwatch {

enum class BaseKind {
  kSubtracted,  // -base: samples of the same stack and labels become one, or cancel each other
  kCompared,    // -diff_base: they stay apart; shares are of the base's total
};

// The key and value of the label that marks the base's samples after kCompared.
inline constexpr std::string_view kBaseLabel = "pprof::base";
inline constexpr std::string_view kBaseLabelValue = "true";

// `now` - `base`, with the values of `base` negated. The time is the earlier one, the duration the
// sum. Error kInvalid: they are not of the same kind.
Result<Profile> subtract_base(const Profile& now, const Profile& base, BaseKind kind);

// a + b, which wraps around as Go's int64 does: a hostile profile may overflow, but not more.
constexpr std::int64_t wrapping_add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
constexpr std::int64_t magnitude(std::int64_t value) {
  return value < 0 ? wrapping_add(~value, 1) : value;
}

}  // namespace soakwatch
