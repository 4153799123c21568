// What becomes of old rows: rolled up from tier to tier by age, sooner where the file would become
// too large, and deleted in the end. docs/retention.md tells it to people.
#pragma once

#include <SQLiteCpp/Database.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/retention_options.h"
#include "storage/rollup.h"

namespace soakwatch {

// A pass goes through the whole file in slices, each a transaction of its own. It is used by the
// writer's thread alone, reads no clock, and holds nothing that a new one could not begin again
// with.
class Retention {
 public:
  // Throws SQLite::Exception, as everything here does.
  Retention(SQLite::Database& db, RetentionOptions options);

  struct Slice {
    bool more = false;  // the pass goes on
    int units = 0;      // rows that were taken, or steps of about as much work
    std::int64_t expired_rows = 0;
    std::vector<InstanceId> removed_instances;
    std::string notice;  // for an event: what the byte budget forced; else empty
  };
  // About `limit_units` of work, at most a row or so more, in one transaction. The first one after
  // the end of a pass begins a new pass, whose ages are counted back from `now`. After an
  // exception nothing of the slice is stored, and the pass begins anew.
  Slice work(WallTime now, int limit_units);

 private:
  enum class Phase { kIdle, kRaw, kMinutes, kHours, kEvents, kOrphans, kCrowd, kSize, kGiveBack };

  void begin_pass(WallTime now);
  void set_expiries();
  // Shortens the age of the tier that takes most; false: all are as short as they may be.
  bool shorten();
  [[nodiscard]] bool is_shortened() const { return keep_ != configured_; }
  void enter_tier(Tier tier);
  // The next window of a tier; false: nothing in it is too old.
  bool next_window(Tier tier);
  void step(Slice& slice, int limit_units);
  void expire_tier(Tier tier, Slice& slice, int limit_units);
  void expire_events(Slice& slice, int limit_units);
  void remove_orphans(Slice& slice);
  void thin_crowd(Slice& slice, int limit_units);
  void check_size(Slice& slice);
  void give_back(Slice& slice, int limit_units);
  void enter(Phase phase);

  [[nodiscard]] bool is_exempt(InstanceId instance);
  // Deletes at most so many rows of an instance, and the instance after its last row; true: done.
  bool remove_instance(InstanceId instance, Slice& slice, int limit_units);
  [[nodiscard]] std::int64_t pragma(const char* name);
  [[nodiscard]] std::string forced_notice(std::int64_t used_bytes, bool fits);

  SQLite::Database& db_;
  RetentionOptions options_;
  Rollup rollup_;
  bool can_shrink_ = false;
  Phase phase_ = Phase::kIdle;
  WallTime now_;           // when the pass began
  InstanceId cursor_ = 0;  // the last instance that the phase is done with
  using PerTier = std::array<std::int64_t, 3>;
  PerTier configured_{};  // ages, ms
  PerTier keep_{};        // the same, shortened to stay within the bytes
  PerTier told_keep_{};   // as the newest notice has it
  PerTier expiry_{};      // of each tier, Unix ms: older rows go
  PerTier oldest_{};      // in each tier, as the latest look at all of it found
  bool is_over_ = false;  // the bytes of this pass, before anything was forced
  WallTime told_;
  // Within a tier, all processes go on together, a window of time after the other: their rows of
  // one time lie on the same pages.
  std::int64_t window_end_ = 0;
  std::int64_t window_ms_ = 0;
  int window_rows_ = 0;
  int window_instances_ = 0;
};

// How much a slice may do, learned from how long those before it took. Pure.
class SlicePace {
 public:
  [[nodiscard]] int limit_units() const { return limit_; }
  void took(int units, std::chrono::microseconds time);

 private:
  int limit_ = 200;
};

}  // namespace soakwatch
