// How old rows of each tier may become: as configured, and shorter while the file would be too
// large. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "model/timestamp.h"
#include "storage/retention_options.h"
#include "storage/tier.h"

namespace soakwatch {

// The span of what rows of the tier become; hours go as hours.
milliseconds bucket_above(Tier tier);

// Not thread-safe: that of one Retention.
class TierAges {
 public:
  explicit TierAges(const RetentionOptions& options);

  // A pass begins, whose ages are counted back from `now`. What was cut comes back by a step.
  void begin_pass(WallTime now);
  // Rows of the tier before this go; Unix ms.
  [[nodiscard]] std::int64_t expiry_ms(Tier tier) const;
  // The same as configured, whatever is cut: of what takes no room to speak of.
  [[nodiscard]] std::int64_t configured_expiry_ms(Tier tier) const;
  [[nodiscard]] bool is_shortened() const { return keep_ != configured_; }
  // Cuts the age of one tier by a step: of raw samples or minutes, whichever takes more, else of
  // hours. While the clock is not trusted, of raw samples alone: new rows may look older than those
  // that would go. `oldest_ms` is what each tier has. Nothing: all are as short as they may be.
  using PerTier = std::array<std::int64_t, 3>;
  std::optional<Tier> shorten(const PerTier& oldest_ms, bool raw_takes_more, bool is_trusted);

  // At the end of a pass: what to tell of a file that is, or without a cut would be, beyond its
  // limit. Empty: nothing, or told not long ago.
  std::string tell(bool is_beyond, std::int64_t used_bytes, std::int64_t limit_bytes);

 private:
  void set_expiries();

  WallTime now_;          // when the pass began
  PerTier configured_{};  // ages, ms
  PerTier keep_{};        // the same, shortened to stay within the bytes
  PerTier told_keep_{};   // as the newest notice has it
  PerTier expiry_{};      // of each tier, Unix ms
  WallTime told_;
};

}  // namespace soakwatch
