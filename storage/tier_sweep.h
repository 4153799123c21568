// Goes through the rows of a tier that are too old, a few at a time.
#pragma once

#include <SQLiteCpp/Database.h>

#include <array>
#include <cstdint>

#include "storage/retention_slice.h"
#include "storage/rollup.h"
#include "storage/tier_ages.h"

namespace soakwatch {

// Used by the writer's thread, within its transaction. Throws SQLite::Exception.
class TierSweep {
 public:
  explicit TierSweep(SQLite::Database& db) : db_(db), rollup_(db) {}

  void enter(Tier tier);
  // Rows before `expiry_ms` of some instances. `spare_imported`: what was imported has no age.
  // False: nothing in the tier is too old any more.
  bool step(std::int64_t expiry_ms, bool spare_imported, SliceWork& work);
  // In each tier the oldest row that was left, as the latest sweep of it found.
  [[nodiscard]] const TierAges::PerTier& oldest_ms() const { return oldest_; }

 private:
  bool next_window(std::int64_t expiry_ms);
  [[nodiscard]] bool is_imported(InstanceId instance);

  SQLite::Database& db_;
  Rollup rollup_;
  Tier tier_ = Tier::kRaw;
  InstanceId cursor_ = 0;  // the last instance that the window is done with
  TierAges::PerTier oldest_{};
  // All processes go on together, a window of time after the other: their rows of one time lie on
  // the same pages.
  std::int64_t window_end_ = 0;
  std::int64_t window_ms_ = 0;
  int window_rows_ = 0;
  int window_instances_ = 0;
};

}  // namespace soakwatch
