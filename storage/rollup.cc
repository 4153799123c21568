#include "storage/rollup.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "storage/record.h"
#include "storage/row_cursor.h"
#include "storage/schema.h"
#include "storage/tier_row.h"

namespace soakwatch {
namespace {

// A covering index answers it with one search, whatever the number of rows.
std::string next_sql(Tier tier) {
  return fmt::format(
      "SELECT instance_id, time_ms FROM {} WHERE instance_id > ? "
      "ORDER BY instance_id, time_ms LIMIT 1",
      table_of(tier));
}

std::string find_sql(Tier tier) {
  return fmt::format("SELECT {} FROM {} WHERE instance_id = ? AND time_ms = ?", tier_columns(),
                     table_of(tier));
}

std::string store_sql(Tier tier) {
  std::string values = "?";
  for (int i = 1; i < tier_column_count(); ++i) values += ", ?";
  return fmt::format("INSERT OR REPLACE INTO {} ({}) VALUES ({})", table_of(tier), tier_columns(),
                     values);
}

std::size_t index_of(Tier tier) { return static_cast<std::size_t>(tier); }

// Leaves the last bucket for the next time where it may not be whole: then a bucket is made in one
// piece, and nobody reads a part of it.
template <class Row, class Time>
void cut_to_whole_buckets(std::vector<Row>& rows, int limit_rows, milliseconds span, Time time_of) {
  if (rows.size() < static_cast<std::size_t>(limit_rows)) return;
  const std::int64_t last = bucket_begin_ms(time_of(rows.back()), span);
  const auto whole = std::find_if(rows.begin(), rows.end(), [&](const Row& row) {
    return bucket_begin_ms(time_of(row), span) == last;
  });
  if (whole != rows.begin()) rows.erase(whole, rows.end());
}

}  // namespace

Rollup::Rollup(SQLite::Database& db)
    : next_{SQLite::Statement(db, next_sql(Tier::kRaw)),
            SQLite::Statement(db, next_sql(Tier::kMinutes)),
            SQLite::Statement(db, next_sql(Tier::kHours))},
      raw_(db, "SELECT id, instance_id, time_ms, monotonic_ms" + metric_columns("") +
                   " FROM samples WHERE instance_id = ? AND time_ms < ? "
                   "ORDER BY time_ms, id LIMIT ?"),
      delete_raw_(db, "DELETE FROM samples WHERE instance_id = ? AND (time_ms, id) <= (?, ?)"),
      minutes_(db, fmt::format("SELECT {} FROM minutes WHERE instance_id = ? AND time_ms < ? "
                               "ORDER BY time_ms LIMIT ?",
                               tier_columns())),
      delete_minutes_(db, "DELETE FROM minutes WHERE instance_id = ? AND time_ms <= ?"),
      delete_hours_(db,
                    "DELETE FROM hours WHERE rowid IN (SELECT rowid FROM hours WHERE "
                    "instance_id = ? AND time_ms < ? ORDER BY time_ms LIMIT ?)"),
      find_{SQLite::Statement(db, find_sql(Tier::kMinutes)),
            SQLite::Statement(db, find_sql(Tier::kHours))},
      store_{SQLite::Statement(db, store_sql(Tier::kMinutes)),
             SQLite::Statement(db, store_sql(Tier::kHours))} {}

std::optional<Rollup::Oldest> Rollup::next_instance(Tier tier, InstanceId after) {
  SQLite::Statement& next = next_[index_of(tier)];
  next.reset();
  next.bind(1, after);
  std::optional<Oldest> oldest;
  if (next.executeStep()) {
    ColumnCursor column(next);
    const InstanceId instance = column.integer();
    oldest = Oldest{instance, column.integer()};
  }
  next.reset();
  return oldest;
}

int Rollup::expire(Tier tier, InstanceId instance, std::int64_t before_ms, int limit_rows) {
  switch (tier) {
    case Tier::kRaw:
      return expire_raw(instance, before_ms, limit_rows);
    case Tier::kMinutes:
      return expire_minutes(instance, before_ms, limit_rows);
    case Tier::kHours:
      break;
  }
  return expire_hours(instance, before_ms, limit_rows);
}

int Rollup::expire_raw(InstanceId instance, std::int64_t before_ms, int limit_rows) {
  raw_.reset();
  ParameterCursor p(raw_);
  p.integer(instance);
  p.integer(before_ms);
  p.integer(limit_rows);
  std::vector<SampleRecord> rows;
  while (raw_.executeStep()) {
    ColumnCursor column(raw_);
    const std::int64_t id = column.integer();
    rows.push_back({id, read_sample(column)});
  }
  raw_.reset();
  constexpr milliseconds kSpan = span_of(Tier::kMinutes);
  const auto time_of = [](const SampleRecord& row) { return to_unix_ms(row.sample.time); };
  cut_to_whole_buckets(rows, limit_rows, kSpan, time_of);
  if (rows.empty()) return 0;
  TierBucket bucket;
  for (const SampleRecord& row : rows) {
    const WallTime begin = from_unix_ms(bucket_begin_ms(time_of(row), kSpan));
    if (bucket.samples > 0 && begin != bucket.begin)
      store(Tier::kMinutes, std::exchange(bucket, TierBucket{}));
    bucket.begin = begin;
    bucket.add(row.sample);
  }
  store(Tier::kMinutes, bucket);
  ParameterCursor d(delete_raw_);
  d.integer(instance);
  d.integer(time_of(rows.back()));
  d.integer(rows.back().id);
  delete_raw_.exec();
  delete_raw_.reset();
  return static_cast<int>(rows.size());
}

int Rollup::expire_minutes(InstanceId instance, std::int64_t before_ms, int limit_rows) {
  minutes_.reset();
  ParameterCursor p(minutes_);
  p.integer(instance);
  p.integer(before_ms);
  p.integer(limit_rows);
  std::vector<TierBucket> rows;
  while (minutes_.executeStep()) {
    ColumnCursor column(minutes_);
    rows.push_back(read_bucket(Tier::kMinutes, column));
  }
  minutes_.reset();
  constexpr milliseconds kSpan = span_of(Tier::kHours);
  const auto time_of = [](const TierBucket& row) { return to_unix_ms(row.begin); };
  cut_to_whole_buckets(rows, limit_rows, kSpan, time_of);
  if (rows.empty()) return 0;
  TierBucket bucket;
  for (const TierBucket& row : rows) {
    const WallTime begin = from_unix_ms(bucket_begin_ms(time_of(row), kSpan));
    if (bucket.samples > 0 && begin != bucket.begin)
      store(Tier::kHours, std::exchange(bucket, TierBucket{}));
    bucket.begin = begin;
    bucket.add(row);
  }
  store(Tier::kHours, bucket);
  ParameterCursor d(delete_minutes_);
  d.integer(instance);
  d.integer(time_of(rows.back()));
  delete_minutes_.exec();
  delete_minutes_.reset();
  return static_cast<int>(rows.size());
}

int Rollup::expire_hours(InstanceId instance, std::int64_t before_ms, int limit_rows) {
  ParameterCursor p(delete_hours_);
  p.integer(instance);
  p.integer(before_ms);
  p.integer(limit_rows);
  const int deleted = delete_hours_.exec();
  delete_hours_.reset();
  return deleted;
}

void Rollup::store(Tier tier, TierBucket bucket) {
  SQLite::Statement& find = find_[index_of(tier) - 1];
  ParameterCursor f(find);
  f.integer(bucket.last.instance);
  f.time(bucket.begin);
  if (find.executeStep()) {
    // Rows that came late, or a clock that was set back.
    ColumnCursor column(find);
    TierBucket stored = read_bucket(tier, column);
    stored.add(bucket);
    bucket = stored;
  }
  find.reset();
  SQLite::Statement& insert = store_[index_of(tier) - 1];
  ParameterCursor p(insert);
  bind_bucket(p, bucket);
  insert.exec();
  insert.reset();
}

}  // namespace soakwatch
