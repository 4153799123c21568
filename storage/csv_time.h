// The `time` column of a CSV, in any of its forms.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "model/timestamp.h"

namespace soakwatch {

// Reads cells in the order of rows: a time of day alone needs to know the one before it.
class CsvClock {
 public:
  explicit CsvClock(std::chrono::sys_days first_day) : day_(first_day) {}

  // ISO 8601; Unix seconds (below 1e11) or milliseconds; HH:MM:SS, local. Nothing for anything
  // else.
  std::optional<WallTime> parse(std::string_view cell);

 private:
  WallTime from_time_of_day(seconds of_day);

  std::chrono::sys_days day_;
  std::optional<seconds> last_of_day_;
  WallTime last_;
};

}  // namespace soakwatch
