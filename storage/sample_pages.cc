#include "storage/sample_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>

#include "storage/row_cursor.h"
#include "storage/schema.h"
#include "storage/tier_row.h"

namespace soakwatch {
namespace {

// Runs a statement whose parameters are bound; it is reset, so that no transaction stays open.
void take_page(SQLite::Statement& page, std::vector<SampleRecord>& out) {
  out.clear();
  while (page.executeStep()) {
    ColumnCursor column(page);
    const std::int64_t id = column.integer();
    out.push_back({id, read_sample(column)});
  }
  page.reset();
}

std::string count_sql(Tier tier, std::string_view what) {
  return fmt::format("SELECT {} FROM {} WHERE instance_id = ? AND time_ms >= ? AND time_ms < ?",
                     what, table_of(tier));
}

std::string first_sql(Tier tier) {
  return fmt::format(
      "SELECT min(time_ms) FROM {} WHERE instance_id = ? AND time_ms >= ? AND time_ms < ?",
      table_of(tier));
}

std::string buckets_sql(Tier tier) {
  return fmt::format(
      "SELECT {} FROM {} WHERE instance_id = ? AND time_ms >= ? AND time_ms < ? "
      "ORDER BY time_ms LIMIT ?",
      tier_columns(), table_of(tier));
}

std::string newest_bucket_sql(Tier tier) {
  return fmt::format("SELECT {} FROM {} WHERE instance_id = ? ORDER BY time_ms DESC LIMIT 1",
                     tier_columns(), table_of(tier));
}

}  // namespace

SamplePages::SamplePages(SQLite::Database& db)
    : db_(db),
      page_(db, "SELECT id, instance_id, time_ms, monotonic_ms" + metric_columns("") +
                    " FROM samples WHERE instance_id = ? AND (time_ms, id) > (?, ?)"
                    " AND time_ms < ? AND id <= ? ORDER BY time_ms, id LIMIT ?"),
      buckets_{SQLite::Statement(db, buckets_sql(Tier::kMinutes)),
               SQLite::Statement(db, buckets_sql(Tier::kHours))},
      arrival_(db,
               "SELECT id FROM samples WHERE instance_id = ? AND time_ms >= ? AND time_ms < ? "
               "AND id <= ? ORDER BY time_ms, id"),
      // The + keeps SQLite from the index by time, whose rows it would have to sort.
      arrived_(db, "SELECT id, instance_id, time_ms, monotonic_ms" + metric_columns("") +
                       " FROM samples WHERE id > ? AND id <= ? AND +instance_id = ?"
                       " AND +time_ms >= ? AND +time_ms < ? ORDER BY id LIMIT ?"),
      count_{SQLite::Statement(db, count_sql(Tier::kRaw, "count(*)")),
             SQLite::Statement(db, count_sql(Tier::kMinutes, "count(*)")),
             SQLite::Statement(db, count_sql(Tier::kHours, "count(*)"))},
      samples_{SQLite::Statement(db, count_sql(Tier::kRaw, "count(*)")),
               SQLite::Statement(db, count_sql(Tier::kMinutes, "sum(samples)")),
               SQLite::Statement(db, count_sql(Tier::kHours, "sum(samples)"))},
      first_{SQLite::Statement(db, first_sql(Tier::kRaw)),
             SQLite::Statement(db, first_sql(Tier::kMinutes)),
             SQLite::Statement(db, first_sql(Tier::kHours))},
      // As above. One that has none among the last rows ended long ago.
      last_come_(db, "SELECT instance_id, time_ms, monotonic_ms" + metric_columns("") +
                         " FROM samples WHERE id > (SELECT max(id) FROM samples) - 10000"
                         " AND +instance_id = ? ORDER BY id DESC LIMIT 1"),
      newest_raw_(db, "SELECT instance_id, time_ms, monotonic_ms" + metric_columns("") +
                          " FROM samples WHERE instance_id = ? ORDER BY time_ms DESC, id DESC "
                          "LIMIT 1"),
      newest_bucket_{SQLite::Statement(db, newest_bucket_sql(Tier::kMinutes)),
                     SQLite::Statement(db, newest_bucket_sql(Tier::kHours))} {}

void SamplePages::read_raw(InstanceId instance, std::int64_t after_time_ms, std::int64_t after_row,
                           std::int64_t end_ms, std::int64_t newest_row, int limit,
                           std::vector<SampleRecord>& out) {
  page_.reset();
  ParameterCursor p(page_);
  p.integer(instance);
  p.integer(after_time_ms);
  p.integer(after_row);
  p.integer(end_ms);
  p.integer(newest_row);
  p.integer(limit);
  take_page(page_, out);
}

std::vector<TierBucket> SamplePages::read_buckets(Tier tier, InstanceId instance,
                                                  const TimeRange& range, int limit) {
  SQLite::Statement& select = buckets_[static_cast<std::size_t>(tier) - 1];
  select.reset();
  ParameterCursor p(select);
  p.integer(instance);
  p.integer(range.begin_ms);
  p.integer(range.end_ms);
  p.integer(limit);
  std::vector<TierBucket> rows;
  while (select.executeStep()) {
    ColumnCursor column(select);
    rows.push_back(read_bucket(tier, column));
  }
  select.reset();
  return rows;
}

SamplePages::Arrival SamplePages::arrival(InstanceId instance, const TimeRange& range,
                                          std::int64_t newest_row) {
  arrival_.reset();
  ParameterCursor p(arrival_);
  p.integer(instance);
  p.integer(range.begin_ms);
  p.integer(range.end_ms);
  p.integer(newest_row);
  Arrival arrival{std::numeric_limits<std::int64_t>::max(), 0, true};
  while (arrival_.executeStep()) {
    const std::int64_t id = arrival_.getColumn(0).getInt64();
    arrival.first_row = std::min(arrival.first_row, id);
    if (id < arrival.last_row) arrival.in_time_order = false;
    arrival.last_row = std::max(arrival.last_row, id);
  }
  arrival_.reset();
  return arrival;
}

void SamplePages::read_arrived(InstanceId instance, const TimeRange& range, std::int64_t after_row,
                               std::int64_t last_row, int limit, std::vector<SampleRecord>& out) {
  arrived_.reset();
  ParameterCursor p(arrived_);
  p.integer(after_row);
  p.integer(last_row);
  p.integer(instance);
  p.integer(range.begin_ms);
  p.integer(range.end_ms);
  p.integer(limit);
  take_page(arrived_, out);
}

std::int64_t SamplePages::count(InstanceId instance, const TimeRange& range) {
  return sum(count_, instance, range);
}

std::int64_t SamplePages::samples(InstanceId instance, const TimeRange& range) {
  return sum(samples_, instance, range);
}

std::int64_t SamplePages::sum(std::array<SQLite::Statement, 3>& statements, InstanceId instance,
                              const TimeRange& range) {
  std::int64_t rows = 0;
  for (SQLite::Statement& count : statements) {
    count.reset();
    ParameterCursor p(count);
    p.integer(instance);
    p.integer(range.begin_ms);
    p.integer(range.end_ms);
    count.executeStep();
    rows += count.getColumn(0).getInt64();
    count.reset();
  }
  return rows;
}

bool SamplePages::first_time(InstanceId instance, const TimeRange& range, std::int64_t& time_ms) {
  bool found = false;
  for (SQLite::Statement& first : first_) {
    first.reset();
    ParameterCursor p(first);
    p.integer(instance);
    p.integer(range.begin_ms);
    p.integer(range.end_ms);
    first.executeStep();
    if (!first.getColumn(0).isNull()) {
      const std::int64_t time = first.getColumn(0).getInt64();
      time_ms = found ? std::min(time_ms, time) : time;
      found = true;
    }
    first.reset();
  }
  return found;
}

std::optional<Sample> SamplePages::latest(InstanceId instance) {
  std::optional<Sample> newest;
  for (SQLite::Statement* select : {&last_come_, &newest_raw_}) {
    if (newest) break;
    select->reset();
    select->bind(1, instance);
    if (select->executeStep()) {
      ColumnCursor column(*select);
      newest = read_sample(column);
    }
    select->reset();
  }
  for (SQLite::Statement& select : newest_bucket_) {
    if (newest) break;
    select.reset();
    select.bind(1, instance);
    if (select.executeStep()) {
      ColumnCursor column(select);
      newest = read_bucket(Tier::kMinutes, column).last;
    }
    select.reset();
  }
  return newest;
}

}  // namespace soakwatch
