// The samples of one instance in order of time, a page at a time.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "storage/record.h"

namespace soakwatch {

struct TimeRange {
  std::int64_t begin_ms = 0;  // inclusive
  std::int64_t end_ms = 0;    // exclusive
};

// The statements that all cursors of one reader share. Throws SQLite::Exception.
class SamplePages {
 public:
  explicit SamplePages(SQLite::Database& db);
  // At most `limit` rows after (time_ms, row_id), in this order; none newer than `newest_row`. The
  // statement is reset before it returns, so that no transaction stays open.
  void read(InstanceId instance, std::int64_t after_time_ms, std::int64_t after_row,
            const TimeRange& range, std::int64_t newest_row, int limit,
            std::vector<SampleRecord>& out);
  // How the rows of one instance came.
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
  std::int64_t count(InstanceId instance, const TimeRange& range);
  // False: the instance has no sample in the range.
  bool first_time(InstanceId instance, const TimeRange& range, std::int64_t& time_ms);

 private:
  SQLite::Statement page_;
  SQLite::Statement arrival_;
  SQLite::Statement arrived_;
  SQLite::Statement count_;
  SQLite::Statement first_;
};

// Walks through one instance; holds one page.
class InstanceCursor {
 public:
  InstanceCursor(InstanceId instance, std::int64_t newest_row)
      : instance_(instance), newest_row_(newest_row) {}
  // Makes sure that head() exists; false: there is no further row.
  bool fill(SamplePages& pages, const TimeRange& range, int page_rows);
  [[nodiscard]] const SampleRecord& head() const { return page_[next_]; }
  void advance() { ++next_; }

 private:
  InstanceId instance_;
  std::int64_t newest_row_;
  std::vector<SampleRecord> page_;
  std::size_t next_ = 0;
  bool started_ = false;
  std::int64_t last_time_ms_ = 0;
  std::int64_t last_row_ = 0;
};

}  // namespace soakwatch
