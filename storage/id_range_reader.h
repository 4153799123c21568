// Reads a table whose pages are partly broken: by id, from both sides of what cannot be read.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <functional>
#include <string>

namespace soakwatch {

// Not thread-safe.
class IdRangeReader {
 public:
  // Called for each row, with the id in column 0 and `columns` behind it.
  using TakeRow = std::function<void(SQLite::Statement&)>;
  // The table has INTEGER ids, and whole rows are read from it alone. Throws SQLite::Exception.
  IdRangeReader(SQLite::Database& db, const std::string& table, const std::string& columns,
                TakeRow take);

  // Reads all that can be read; each id comes once. True: nothing was in the way.
  bool read_all();
  // Ranges of neighbouring ids of which something could not be read.
  [[nodiscard]] std::int64_t broken_ranges() const { return broken_ranges_; }

 private:
  struct Range {
    std::int64_t first;
    std::int64_t last;  // inclusive
  };
  // What is left unread of the range; empty (first > last): nothing.
  Range read_up(Range range);
  Range read_down(Range range);
  void give_up(Range range);

  SQLite::Statement up_;
  SQLite::Statement down_;
  TakeRow take_;
  std::int64_t broken_ranges_ = 0;
  std::int64_t last_broken_ = 0;  // the end of the newest broken range
};

}  // namespace soakwatch
