// What becomes of old rows: rolled up from tier to tier by age, sooner where the file would become
// too large, and deleted in the end, with the events, alerts and instances that are as old.
// docs/retention.md tells it to people.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>

#include "storage/history_expiry.h"
#include "storage/instance_expiry.h"
#include "storage/retention_options.h"
#include "storage/retention_slice.h"
#include "storage/tier_ages.h"
#include "storage/tier_sweep.h"

namespace soakwatch {

// A pass goes through the whole file in slices, each a transaction of its own. It is used by the
// writer's thread alone, reads no clock, and holds nothing that a new one could not begin again
// with.
class Retention {
 public:
  // Throws SQLite::Exception, as everything here does.
  Retention(SQLite::Database& db, const RetentionOptions& options);

  using Slice = RetentionSlice;
  // One transaction, which ends with the first step that reaches the limit. The first one after the
  // end of a pass begins a new pass, whose ages are counted back from what of `now` is sure; the
  // last one leaves the reading for later runs. After an exception nothing of the slice is stored,
  // and the pass begins anew.
  Slice work(const ClockReading& now, const SliceLimit& limit);

 private:
  enum class Phase {
    kIdle,
    kRaw,
    kMinutes,
    kHours,
    kEvents,
    kAlerts,
    kOrphans,
    kCrowd,
    kSize,
    kGiveBack
  };

  void step(SliceWork& work);
  void enter(Phase phase);
  void enter_tier(Tier tier);
  void sweep(Tier tier, SliceWork& work, Phase next);
  void check_size(SliceWork& work);
  void give_back(SliceWork& work);
  void keep(const ClockReading& now);
  [[nodiscard]] std::int64_t pragma(const char* name);
  [[nodiscard]] std::int64_t row_span(const char* table);

  SQLite::Database& db_;
  RetentionOptions options_;
  TierAges ages_;
  TierSweep tiers_;
  HistoryExpiry history_;
  InstanceExpiry instances_;
  bool can_shrink_ = false;
  bool is_over_ = false;    // the bytes of this pass, before anything was forced
  bool is_trusted_ = true;  // the clock of this pass
  Phase phase_ = Phase::kIdle;
};

}  // namespace soakwatch
