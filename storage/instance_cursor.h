// Walks through one instance, whose rows may move from tier to tier meanwhile.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "storage/sample_pages.h"

namespace soakwatch {

// Holds one page. A page is read in one short transaction, in which every sample is in one tier
// exactly; it ends between two buckets, and the next one goes on from that time in whatever tier
// the rows are by then. So nothing is left out, and nothing comes twice unless minutes that were
// read become hours between two pages whose border was no full hour.
class InstanceCursor {
 public:
  enum class Rows { kAll, kBuckets };
  // Raw rows that are newer than `newest_row` are left out.
  InstanceCursor(InstanceId instance, const TimeRange& range, std::int64_t newest_row,
                 Rows rows = Rows::kAll);
  // Makes sure that head() exists; false: there is no further row.
  bool fill(SamplePages& pages, int page_rows);
  [[nodiscard]] const TieredRow& head() const { return page_[next_]; }
  void advance() { ++next_; }

 private:
  void read_page(SamplePages& pages, int page_rows);
  // Of a tier, up to the horizon, which comes nearer where the page is full.
  std::vector<TierBucket> read_tier(SamplePages& pages, Tier tier, int limit);
  void read_raw(SamplePages& pages, int limit);
  void sort_in(const std::vector<TierBucket>& buckets, Tier tier);

  InstanceId instance_;
  TimeRange range_;
  std::int64_t newest_row_;
  Rows rows_;
  std::vector<TieredRow> page_;
  std::size_t next_ = 0;
  bool finished_ = false;

  // Where the next page begins.
  std::int64_t covered_ms_;                       // all before it was read
  std::array<std::int64_t, 3> next_bucket_ms_{};  // of each tier
  std::int64_t raw_time_ms_;
  std::int64_t raw_id_ = std::numeric_limits<std::int64_t>::min();
  // Where this page ends.
  std::int64_t horizon_ms_ = 0;
};

}  // namespace soakwatch
