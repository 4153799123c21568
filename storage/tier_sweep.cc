#include "storage/tier_sweep.h"

#include <algorithm>
#include <limits>

#include "storage/row_cursor.h"
#include "storage/sample_store.h"

namespace soakwatch {
namespace {

// A window takes in so many rows that looking for them costs little beside.
constexpr int kRowsPerInstance = 4;
constexpr int kFullWindowRows = 200;
// Of one instance in one step, and whole buckets: some milliseconds.
constexpr int kStepRows = 50;
// Instances that are looked at for one unit of work: a search in an index each.
constexpr int kInstancesPerUnit = 4;
constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();

}  // namespace

void TierSweep::enter(Tier tier) {
  tier_ = tier;
  cursor_ = 0;
  oldest_[index_of(tier)] = kNone;
  window_end_ = std::numeric_limits<std::int64_t>::min();  // the first one only looks
  window_ms_ = bucket_above(tier).count();
  window_rows_ = kFullWindowRows;
  window_instances_ = 0;
}

// False: nothing is too old.
bool TierSweep::next_window(std::int64_t expiry_ms) {
  std::int64_t& oldest = oldest_[index_of(tier_)];
  if (oldest >= expiry_ms) return false;
  const milliseconds bucket = bucket_above(tier_);
  const int enough = std::max(kFullWindowRows, kRowsPerInstance * window_instances_);
  if (window_rows_ < enough) {
    window_ms_ = std::min(window_ms_ * 2, expiry_ms - oldest);
  } else if (window_rows_ > 4 * enough) {
    window_ms_ /= 2;
  }
  window_ms_ = std::max(bucket.count(), window_ms_);
  window_end_ = std::min(expiry_ms, bucket_begin_ms(oldest + window_ms_, bucket));
  oldest = kNone;
  window_rows_ = window_instances_ = 0;
  cursor_ = 0;
  return true;
}

bool TierSweep::step(std::int64_t expiry_ms, bool spare_imported, SliceWork& work) {
  std::int64_t& oldest_left = oldest_[index_of(tier_)];
  ++work.done.units;
  for (int looked = 0; looked < kInstancesPerUnit; ++looked) {
    const auto oldest = rollup_.next_instance(tier_, cursor_);
    if (!oldest) return next_window(expiry_ms);
    const bool exempt =
        oldest->time_ms < expiry_ms && spare_imported && is_imported(oldest->instance);
    if (oldest->time_ms < window_end_ && !exempt) {
      const int rows = rollup_.expire(tier_, oldest->instance, window_end_, work, kStepRows);
      work.done.units += rows;
      work.done.expired_rows += rows;
      window_rows_ += rows;
      return true;  // the rest of this instance, if there is, comes with the next step
    }
    if (!exempt) oldest_left = std::min(oldest_left, oldest->time_ms);
    cursor_ = oldest->instance;
    ++window_instances_;
  }
  return true;
}

bool TierSweep::is_imported(InstanceId instance) {
  SQLite::Statement select(db_, "SELECT boot_id FROM instances WHERE id = ?");
  select.bind(1, instance);
  return select.executeStep() && ColumnCursor(select).text() == kImportedBootId;
}

}  // namespace soakwatch
