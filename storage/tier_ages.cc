#include "storage/tier_ages.h"

#include <fmt/format.h>

#include <algorithm>

namespace soakwatch {
namespace {

// The newest hour stays as it was sampled, whatever the file takes.
constexpr milliseconds kNewest = std::chrono::hours(1);
// Over the byte budget the age of a tier is cut by this much at a time, and comes back so.
constexpr double kCut = 15.0 / 16;
constexpr milliseconds kBetweenNotices = std::chrono::hours(24);
constexpr double kTellAgain = 0.8;  // of an age that was told

std::int64_t scaled(std::int64_t age, double factor) {
  return static_cast<std::int64_t>(static_cast<double>(age) * factor);
}

}  // namespace

milliseconds bucket_above(Tier tier) {
  return span_of(tier == Tier::kRaw ? Tier::kMinutes : Tier::kHours);
}

TierAges::TierAges(const RetentionOptions& options)
    : configured_{options.keep_raw.count(), options.keep_minutes.count(),
                  options.keep_hours.count()},
      keep_(configured_),
      told_keep_(configured_) {}

void TierAges::begin_pass(WallTime now) {
  now_ = now;
  for (std::size_t i = 0; i < keep_.size(); ++i)
    keep_[i] = std::min(configured_[i], scaled(keep_[i], 1 / kCut) + 1);
  set_expiries();
}

void TierAges::set_expiries() {
  for (const Tier tier : {Tier::kRaw, Tier::kMinutes, Tier::kHours}) {
    const std::size_t i = index_of(tier);
    expiry_[i] = bucket_begin_ms(to_unix_ms(now_) - keep_[i], bucket_above(tier));
  }
}

std::int64_t TierAges::expiry_ms(Tier tier) const { return expiry_[index_of(tier)]; }

std::int64_t TierAges::configured_expiry_ms(Tier tier) const {
  return to_unix_ms(now_) - configured_[index_of(tier)];
}

std::optional<Tier> TierAges::shorten(const PerTier& oldest_ms, bool raw_takes_more,
                                      bool is_trusted) {
  const std::int64_t now = to_unix_ms(now_);
  const auto can_cut = [&](Tier tier) {
    const std::size_t i = index_of(tier);
    return keep_[i] > kNewest.count() &&
           oldest_ms[i] < bucket_begin_ms(now - kNewest.count(), bucket_above(tier));
  };
  Tier tier = raw_takes_more ? Tier::kRaw : Tier::kMinutes;
  if (!can_cut(tier)) tier = raw_takes_more ? Tier::kMinutes : Tier::kRaw;
  if (!can_cut(tier)) tier = Tier::kHours;
  if (!is_trusted) tier = Tier::kRaw;
  if (!can_cut(tier)) return std::nullopt;
  // Of what there is: an age that nothing has reached would be cut in vain.
  std::int64_t& keep = keep_[index_of(tier)];
  const std::int64_t age = now - oldest_ms[index_of(tier)];
  keep = std::max(kNewest.count(), scaled(std::min(keep, age), kCut));
  set_expiries();
  return tier;
}

std::string TierAges::tell(bool is_beyond, std::int64_t used_bytes, std::int64_t limit_bytes) {
  bool is_news = now_ - told_ >= kBetweenNotices;
  for (std::size_t i = 0; i < keep_.size(); ++i)
    is_news = is_news || keep_[i] < scaled(told_keep_[i], kTellAgain);
  std::string notice;
  if (is_beyond && is_news) {
    told_keep_ = keep_;
    told_ = now_;
    const auto mib = [](std::int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); };
    const auto time_of = [&](Tier tier) { return format_utc(from_unix_ms(expiry_ms(tier))); };
    notice = fmt::format(
        "the database {} its limit of {:.1f} MiB ({:.1f} MiB in use): samples are kept by the "
        "minute before {}, by the hour before {}, and not at all before {}",
        used_bytes <= limit_bytes ? "would exceed" : "exceeds", mib(limit_bytes), mib(used_bytes),
        time_of(Tier::kRaw), time_of(Tier::kMinutes), time_of(Tier::kHours));
  }
  if (!is_shortened()) told_keep_ = configured_;
  return notice;
}

}  // namespace soakwatch
