// The samples of one instance in order of time, out of all tiers, a page at a time.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "storage/record.h"
#include "storage/tier.h"

namespace soakwatch {

struct TimeRange {
  std::int64_t begin_ms = 0;  // inclusive; a bucket is where it begins
  std::int64_t end_ms = 0;    // exclusive
};

// A raw sample, or a bucket of an older tier.
struct TieredRow {
  std::int64_t begin_ms = 0;  // of the bucket, or the sample's time: what rows are ordered by
  std::int64_t id = 0;        // 0: a bucket
  Sample sample;              // of a bucket: its last values
  std::optional<TierBucket> bucket;
};

// The statements that all cursors of one reader share. Each is reset before its function returns,
// so that no transaction stays open. Throws SQLite::Exception.
class SamplePages {
 public:
  explicit SamplePages(SQLite::Database& db);
  // At most `limit` raw rows after (time_ms, row_id) before `end_ms`, in this order; none newer
  // than `newest_row`.
  void read_raw(InstanceId instance, std::int64_t after_time_ms, std::int64_t after_row,
                std::int64_t end_ms, std::int64_t newest_row, int limit,
                std::vector<SampleRecord>& out);
  // At most `limit` buckets that begin in the range.
  std::vector<TierBucket> read_buckets(Tier tier, InstanceId instance, const TimeRange& range,
                                       int limit);
  // How the raw rows of one instance came.
  struct Arrival {
    std::int64_t first_row = 0;
    std::int64_t last_row = 0;  // below first_row: there is none
    bool in_time_order = true;  // false: a clock was set back
  };
  Arrival arrival(InstanceId instance, const TimeRange& range, std::int64_t newest_row);
  // At most `limit` rows after `after_row` up to `last_row`, in order of arrival. Passes over the
  // rows of all other instances among them.
  void read_arrived(InstanceId instance, const TimeRange& range, std::int64_t after_row,
                    std::int64_t last_row, int limit, std::vector<SampleRecord>& out);
  // Of all tiers.
  std::int64_t count(InstanceId instance, const TimeRange& range);
  // How many samples these rows stand for.
  std::int64_t samples(InstanceId instance, const TimeRange& range);
  // False: the instance has no row in the range.
  bool first_time(InstanceId instance, const TimeRange& range, std::int64_t& time_ms);
  // Of the newest row.
  std::optional<Sample> latest(InstanceId instance);

  [[nodiscard]] SQLite::Database& database() { return db_; }

 private:
  SQLite::Database& db_;
  SQLite::Statement page_;
  std::array<SQLite::Statement, 2> buckets_;  // of minutes, of hours
  SQLite::Statement arrival_;
  SQLite::Statement arrived_;
  static std::int64_t sum(std::array<SQLite::Statement, 3>& statements, InstanceId instance,
                          const TimeRange& range);

  std::array<SQLite::Statement, 3> count_;
  std::array<SQLite::Statement, 3> samples_;
  std::array<SQLite::Statement, 3> first_;
  SQLite::Statement last_come_;
  SQLite::Statement newest_raw_;
  std::array<SQLite::Statement, 2> newest_bucket_;
};

}  // namespace soakwatch
