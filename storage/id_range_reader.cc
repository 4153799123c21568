#include "storage/id_range_reader.h"

#include <fmt/format.h>

#include <limits>
#include <utility>
#include <vector>

namespace soakwatch {
namespace {

constexpr std::int64_t kFirstId = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLastId = std::numeric_limits<std::int64_t>::max();
// Ranges that are tried: a broken interior page has some 300 leaves of some 30 rows, each tried
// alone. More, and the file is broken all over.
constexpr int kMostTries = 200000;

// NOT INDEXED: an index may be broken where its table is not. The id is the order of the table.
std::string select(const std::string& table, const std::string& columns, const char* order) {
  return fmt::format(
      "SELECT rowid, {} FROM {} NOT INDEXED WHERE rowid BETWEEN ? AND ? ORDER BY rowid {}", columns,
      table, order);
}

}  // namespace

IdRangeReader::IdRangeReader(SQLite::Database& db, const std::string& table,
                             const std::string& columns, TakeRow take)
    : up_(db, select(table, columns, "ASC")),
      down_(db, select(table, columns, "DESC")),
      take_(std::move(take)) {}

IdRangeReader::Range IdRangeReader::read_up(Range range) {
  try {
    up_.tryReset();
    up_.bind(1, range.first);
    up_.bind(2, range.last);
    while (up_.executeStep()) {
      const std::int64_t id = up_.getColumn(0).getInt64();
      // A broken page may say anything.
      if (id < range.first || id > range.last) break;
      take_(up_);
      if (id == range.last) return {1, 0};
      range.first = id + 1;
    }
    if (up_.isDone()) return {1, 0};
  } catch (const SQLite::Exception&) {
  }
  return range;
}

IdRangeReader::Range IdRangeReader::read_down(Range range) {
  try {
    down_.tryReset();
    down_.bind(1, range.first);
    down_.bind(2, range.last);
    while (down_.executeStep()) {
      const std::int64_t id = down_.getColumn(0).getInt64();
      if (id < range.first || id > range.last) break;
      take_(down_);
      if (id == range.first) return {1, 0};
      range.last = id - 1;
    }
    if (down_.isDone()) return {1, 0};
  } catch (const SQLite::Exception&) {
  }
  return range;
}

bool IdRangeReader::read_all() {
  std::vector<Range> unread{{kFirstId, kLastId}};  // the first in order of ids is the last here
  for (int tries = 0; !unread.empty(); ++tries) {
    Range range = read_up(unread.back());
    unread.pop_back();
    if (range.first <= range.last) range = read_down(range);
    if (range.first > range.last) continue;
    if (range.first == range.last || tries >= kMostTries) {
      give_up(range);
      continue;
    }
    // Without overflow; rounded down.
    const std::int64_t middle = (range.first & range.last) + ((range.first ^ range.last) >> 1);
    unread.push_back({middle + 1, range.last});
    unread.push_back({range.first, middle});
  }
  up_.tryReset();
  down_.tryReset();
  return broken_ranges_ == 0;
}

void IdRangeReader::give_up(Range range) {
  if (broken_ranges_ == 0 || last_broken_ == kLastId || range.first != last_broken_ + 1) {
    ++broken_ranges_;
  }
  last_broken_ = range.last;
}

}  // namespace soakwatch
