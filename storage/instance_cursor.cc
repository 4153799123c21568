#include "storage/instance_cursor.h"

#include <algorithm>

namespace soakwatch {
namespace {

// A bucket takes six times the memory of a sample.
constexpr int kRowsPerBucket = 4;
constexpr int kLeastBuckets = 4;
// Far beyond every time that is stored, and far enough from the end to add a span to.
constexpr std::int64_t kFarPast = std::numeric_limits<std::int64_t>::min() / 2;

}  // namespace

InstanceCursor::InstanceCursor(InstanceId instance, const TimeRange& range, std::int64_t newest_row,
                               Rows rows)
    : instance_(instance),
      range_{std::max(range.begin_ms, kFarPast), range.end_ms},
      newest_row_(newest_row),
      rows_(rows),
      covered_ms_(range_.begin_ms),
      raw_time_ms_(range_.begin_ms) {
  next_bucket_ms_.fill(range_.begin_ms);
}

bool InstanceCursor::fill(SamplePages& pages, int page_rows) {
  while (next_ >= page_.size()) {
    if (finished_) return false;
    SQLite::Database& db = pages.database();
    db.exec("BEGIN");
    try {
      read_page(pages, page_rows);
      db.exec("COMMIT");
    } catch (const SQLite::Exception&) {
      db.tryExec("ROLLBACK");
      throw;
    }
  }
  return true;
}

void InstanceCursor::read_page(SamplePages& pages, int page_rows) {
  page_.clear();
  next_ = 0;
  horizon_ms_ = range_.end_ms;
  const int buckets = std::max(kLeastBuckets, page_rows / kRowsPerBucket);
  const std::vector<TierBucket> hours = read_tier(pages, Tier::kHours, buckets);
  const std::vector<TierBucket> minutes = read_tier(pages, Tier::kMinutes, buckets);
  if (rows_ == Rows::kAll) read_raw(pages, page_rows);
  sort_in(hours, Tier::kHours);
  sort_in(minutes, Tier::kMinutes);
  std::stable_sort(page_.begin(), page_.end(),
                   [](const TieredRow& a, const TieredRow& b) { return a.begin_ms < b.begin_ms; });
  covered_ms_ = horizon_ms_;
  finished_ = horizon_ms_ >= range_.end_ms;
}

std::vector<TierBucket> InstanceCursor::read_tier(SamplePages& pages, Tier tier, int limit) {
  // One that began before the border may have come to be since, of rows that were not read yet.
  const std::int64_t from =
      std::max(next_bucket_ms_[index_of(tier)], covered_ms_ - span_of(tier).count() + 1);
  std::vector<TierBucket> rows = pages.read_buckets(tier, instance_, {from, horizon_ms_}, limit);
  if (rows.size() < static_cast<std::size_t>(limit)) return rows;
  // Ends where a bucket of the next tier ends, where it can; those behind come with the next page.
  const std::int64_t last = to_unix_ms(rows.back().begin);
  const std::int64_t hour = bucket_begin_ms(last, span_of(Tier::kHours));
  if (tier == Tier::kHours) {
    horizon_ms_ = last + span_of(tier).count();
  } else {
    horizon_ms_ = hour > to_unix_ms(rows.front().begin) ? hour : last;
  }
  return rows;
}

void InstanceCursor::read_raw(SamplePages& pages, int limit) {
  std::vector<SampleRecord> rows;
  pages.read_raw(instance_, raw_time_ms_, raw_id_, horizon_ms_, newest_row_, limit, rows);
  const auto time_of = [](const SampleRecord& row) { return to_unix_ms(row.sample.time); };
  const bool full = rows.size() >= static_cast<std::size_t>(limit);
  std::int64_t cut = horizon_ms_;
  if (full) cut = bucket_begin_ms(time_of(rows.back()), span_of(Tier::kMinutes));
  if (full && cut <= time_of(rows.front())) {
    // More than a page within a minute.
    horizon_ms_ = raw_time_ms_ = time_of(rows.back());
    raw_id_ = rows.back().id;
  } else {
    horizon_ms_ = cut;
    raw_time_ms_ = cut - 1;
    raw_id_ = std::numeric_limits<std::int64_t>::max();
    std::erase_if(rows, [&](const SampleRecord& row) { return time_of(row) >= cut; });
  }
  page_.reserve(rows.size());
  for (SampleRecord& row : rows) page_.push_back({time_of(row), row.id, row.sample, {}});
}

void InstanceCursor::sort_in(const std::vector<TierBucket>& buckets, Tier tier) {
  for (const TierBucket& bucket : buckets) {
    const std::int64_t begin = to_unix_ms(bucket.begin);
    if (begin >= horizon_ms_) return;
    next_bucket_ms_[index_of(tier)] = begin + 1;
    page_.push_back({begin, 0, bucket.last, bucket});
  }
}

}  // namespace soakwatch
