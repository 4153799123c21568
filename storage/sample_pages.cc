#include "storage/sample_pages.h"

#include <algorithm>
#include <limits>

#include "storage/row_cursor.h"
#include "storage/schema.h"

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

}  // namespace

SamplePages::SamplePages(SQLite::Database& db)
    : page_(db, "SELECT id, instance_id, time_ms, monotonic_ms" + metric_columns("") +
                    " FROM samples WHERE instance_id = ? AND (time_ms, id) > (?, ?)"
                    " AND time_ms < ? AND id <= ? ORDER BY time_ms, id LIMIT ?"),
      arrival_(db,
               "SELECT id FROM samples WHERE instance_id = ? AND time_ms >= ? AND time_ms < ? "
               "AND id <= ? ORDER BY time_ms, id"),
      // The + keeps SQLite from the index by time, whose rows it would have to sort.
      arrived_(db, "SELECT id, instance_id, time_ms, monotonic_ms" + metric_columns("") +
                       " FROM samples WHERE id > ? AND id <= ? AND +instance_id = ?"
                       " AND +time_ms >= ? AND +time_ms < ? ORDER BY id LIMIT ?"),
      count_(db,
             "SELECT count(*) FROM samples WHERE instance_id = ? AND time_ms >= ? AND time_ms < ?"),
      first_(db,
             "SELECT min(time_ms) FROM samples WHERE instance_id = ? AND time_ms >= ? "
             "AND time_ms < ?") {}

void SamplePages::read(InstanceId instance, std::int64_t after_time_ms, std::int64_t after_row,
                       const TimeRange& range, std::int64_t newest_row, int limit,
                       std::vector<SampleRecord>& out) {
  page_.reset();
  ParameterCursor p(page_);
  p.integer(instance);
  p.integer(after_time_ms);
  p.integer(after_row);
  p.integer(range.end_ms);
  p.integer(newest_row);
  p.integer(limit);
  take_page(page_, out);
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
  count_.reset();
  ParameterCursor p(count_);
  p.integer(instance);
  p.integer(range.begin_ms);
  p.integer(range.end_ms);
  count_.executeStep();
  const std::int64_t rows = count_.getColumn(0).getInt64();
  count_.reset();
  return rows;
}

bool SamplePages::first_time(InstanceId instance, const TimeRange& range, std::int64_t& time_ms) {
  first_.reset();
  ParameterCursor p(first_);
  p.integer(instance);
  p.integer(range.begin_ms);
  p.integer(range.end_ms);
  first_.executeStep();
  const bool found = !first_.getColumn(0).isNull();
  time_ms = first_.getColumn(0).getInt64();
  first_.reset();
  return found;
}

bool InstanceCursor::fill(SamplePages& pages, const TimeRange& range, int page_rows) {
  if (next_ < page_.size()) return true;
  if (!started_) {
    started_ = true;
    last_time_ms_ = range.begin_ms;  // every row id is greater than the least integer
    last_row_ = std::numeric_limits<std::int64_t>::min();
  } else if (!page_.empty()) {
    last_time_ms_ = to_unix_ms(page_.back().sample.time);
    last_row_ = page_.back().id;
  }
  pages.read(instance_, last_time_ms_, last_row_, range, newest_row_, page_rows, page_);
  next_ = 0;
  return !page_.empty();
}

}  // namespace soakwatch
