// The mean rate of a counter in each whole minute of the monotonic clock.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/timestamp.h"

namespace soakwatch {

struct MinuteOfRate {
  std::int64_t minute = 0;  // of the monotonic clock
  double rate = 0;          // units of the counter per second
};

// Between two readings the counter is taken to rise evenly. After a pause in the readings, and
// where the counter steps back, it starts afresh: the minutes in between are left out. Not
// thread-safe; O(1) on average.
class MinuteRate {
 public:
  // Readings further apart than `longest_pause` say nothing about the minutes between them.
  explicit MinuteRate(milliseconds longest_pause) : longest_pause_(longest_pause) {}

  // Readings in order of `monotonic`; one that does not move on, and one that is no number, is
  // ignored. Returns the minutes that the reading completes, oldest first.
  std::vector<MinuteOfRate> add(milliseconds monotonic, double count);

 private:
  struct Reading {
    milliseconds time{0};
    double count = 0;
  };
  milliseconds longest_pause_;
  std::optional<Reading> last_;
  std::optional<Reading> minute_start_;  // the counter where the open minute began, once known
};

}  // namespace soakwatch
