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

std::int64_t time_of(const SampleRecord& row) { return to_unix_ms(row.sample.time); }
std::int64_t time_of(const TierBucket& row) { return to_unix_ms(row.begin); }

// At least so many rows where there are more, and whole buckets: then each is made in one piece,
// and nobody reads a part of it. One that is as large as the first is cut all the same, and so is
// one that is larger than the second when the time is up: the deletion is still to come.
constexpr std::size_t kLargeBucketRows = 1000;
constexpr std::size_t kCheckRows = 64;

template <class Row, class Read>
std::vector<Row> whole_buckets(SQLite::Statement& select, const SliceWork& work, int limit_rows,
                               milliseconds span, Read read) {
  const auto limit = static_cast<std::size_t>(limit_rows);
  std::vector<Row> rows;
  while (select.executeStep()) {
    Row row = read(select);
    const bool enough = rows.size() >= limit && bucket_begin_ms(time_of(row), span) !=
                                                    bucket_begin_ms(time_of(rows.back()), span);
    if (enough || rows.size() >= limit + kLargeBucketRows) break;
    if (rows.size() % kCheckRows == kCheckRows - 1 && work.time_is_up()) break;
    rows.push_back(std::move(row));
  }
  select.tryReset();
  return rows;
}

}  // namespace

Rollup::Rollup(SQLite::Database& db)
    : next_{SQLite::Statement(db, next_sql(Tier::kRaw)),
            SQLite::Statement(db, next_sql(Tier::kMinutes)),
            SQLite::Statement(db, next_sql(Tier::kHours))},
      raw_(db, "SELECT id, instance_id, time_ms, monotonic_ms" + metric_columns("") +
                   " FROM samples WHERE instance_id = ? AND time_ms < ? "
                   "ORDER BY time_ms, id"),
      delete_raw_(db, "DELETE FROM samples WHERE instance_id = ? AND (time_ms, id) <= (?, ?)"),
      minutes_(db, fmt::format("SELECT {} FROM minutes WHERE instance_id = ? AND time_ms < ? "
                               "ORDER BY time_ms",
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
  next.tryReset();
  next.bind(1, after);
  std::optional<Oldest> oldest;
  if (next.executeStep()) {
    ColumnCursor column(next);
    const InstanceId instance = column.integer();
    oldest = Oldest{instance, column.integer()};
  }
  next.tryReset();
  return oldest;
}

int Rollup::expire(Tier tier, InstanceId instance, std::int64_t before_ms, const SliceWork& work,
                   int limit_rows) {
  switch (tier) {
    case Tier::kRaw:
      return expire_raw(instance, before_ms, work, limit_rows);
    case Tier::kMinutes:
      return expire_minutes(instance, before_ms, work, limit_rows);
    case Tier::kHours:
      break;
  }
  return expire_hours(instance, before_ms, limit_rows);
}

int Rollup::expire_raw(InstanceId instance, std::int64_t before_ms, const SliceWork& work,
                       int limit_rows) {
  raw_.tryReset();
  ParameterCursor p(raw_);
  p.integer(instance);
  p.integer(before_ms);
  const auto rows = whole_buckets<SampleRecord>(raw_, work, limit_rows, span_of(Tier::kMinutes),
                                                [](SQLite::Statement& select) {
                                                  ColumnCursor column(select);
                                                  const std::int64_t id = column.integer();
                                                  return SampleRecord{id, read_sample(column)};
                                                });
  if (rows.empty()) return 0;
  TierBucket bucket;
  for (const SampleRecord& row : rows) add(Tier::kMinutes, time_of(row), row.sample, bucket);
  store(Tier::kMinutes, bucket);
  delete_raw_.tryReset();
  ParameterCursor d(delete_raw_);
  d.integer(instance);
  d.integer(time_of(rows.back()));
  d.integer(rows.back().id);
  delete_raw_.exec();
  return static_cast<int>(rows.size());
}

int Rollup::expire_minutes(InstanceId instance, std::int64_t before_ms, const SliceWork& work,
                           int limit_rows) {
  minutes_.tryReset();
  ParameterCursor p(minutes_);
  p.integer(instance);
  p.integer(before_ms);
  const auto rows = whole_buckets<TierBucket>(minutes_, work, limit_rows, span_of(Tier::kHours),
                                              [](SQLite::Statement& select) {
                                                ColumnCursor column(select);
                                                return read_bucket(Tier::kMinutes, column);
                                              });
  if (rows.empty()) return 0;
  TierBucket bucket;
  for (const TierBucket& row : rows) add(Tier::kHours, time_of(row), row, bucket);
  store(Tier::kHours, bucket);
  delete_minutes_.tryReset();
  ParameterCursor d(delete_minutes_);
  d.integer(instance);
  d.integer(time_of(rows.back()));
  delete_minutes_.exec();
  return static_cast<int>(rows.size());
}

template <class Row>
void Rollup::add(Tier tier, std::int64_t time_ms, const Row& row, TierBucket& bucket) {
  const WallTime begin = from_unix_ms(bucket_begin_ms(time_ms, span_of(tier)));
  if (bucket.samples > 0 && begin != bucket.begin) {
    store(tier, bucket);
    bucket = TierBucket{};
  }
  bucket.tier = tier;
  bucket.begin = begin;
  bucket.add(row);
}

int Rollup::expire_hours(InstanceId instance, std::int64_t before_ms, int limit_rows) {
  delete_hours_.tryReset();
  ParameterCursor p(delete_hours_);
  p.integer(instance);
  p.integer(before_ms);
  p.integer(limit_rows);
  return delete_hours_.exec();
}

void Rollup::store(Tier tier, TierBucket bucket) {
  SQLite::Statement& find = find_[index_of(tier) - 1];
  find.tryReset();
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
  find.tryReset();
  SQLite::Statement& insert = store_[index_of(tier) - 1];
  insert.tryReset();
  ParameterCursor p(insert);
  bind_bucket(p, bucket);
  insert.exec();
}

}  // namespace soakwatch
