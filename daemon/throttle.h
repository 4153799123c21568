// Decides what the daemon leaves out to stay within its own ceilings.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/timestamp.h"

namespace soakwatch {

struct ThrottleOptions {
  double max_cpu_share = 0.1;  // of one core
  double max_rss_bytes = 256.0 * 1024 * 1024;
};

// What the daemon itself took since the look before.
struct OwnCost {
  std::optional<double> cpu_share;  // of one core
  std::optional<double> rss_bytes;  // now
};

// What can be left out, the least important first.
enum class Work : std::uint8_t { kBaseline, kDetail, kLook };

// One ceiling: asks for less when it is broken in several looks in a row, for more again when it
// was kept with room to spare for longer. Where more brought it down at once, it waits twice as
// long the next time.
class Ceiling {
 public:
  enum class Word { kStay, kLess, kMore };
  // `may_be_more`: there is something to give back, and room for it.
  Word look(bool broken, bool may_be_more);

  static constexpr int kLooksBeforeLess = 3;
  static constexpr int kLooksBeforeMore = 6;
  static constexpr int kMostLooksBeforeMore = 96;

 private:
  int broken_ = 0;  // looks in a row
  int calm_ = 0;
  int patience_ = kLooksBeforeMore;
  std::optional<int> since_more_;  // looks
};

// Levels: 0 all is done; 1 without baselines and details; 2 to 5 with intervals of 2, 4, 8 and 16
// times the length as well. Short of memory, beside that: no looks either. Pure: no clock, no I/O.
class Throttle {
 public:
  // Of the intervals, by level.
  static constexpr std::array<int, 6> kFactors{1, 1, 2, 4, 8, 16};
  static constexpr std::size_t kMaxLevel = kFactors.size() - 1;
  static constexpr int kMaxFactor = kFactors.back();

  explicit Throttle(ThrottleOptions options = {}) : options_(options) {}

  struct Change {
    bool less = false;  // less is done than before
    std::string what;   // for a person
  };
  // A value that is missing changes nothing.
  std::vector<Change> look(const OwnCost& cost);

  [[nodiscard]] std::size_t level() const { return level_; }
  [[nodiscard]] int interval_factor() const { return kFactors[level_]; }
  [[nodiscard]] bool short_of_memory() const { return short_of_memory_; }
  [[nodiscard]] bool allows(Work work) const;

 private:
  void look_at_cpu(double share, std::vector<Change>& changes);
  void look_at_memory(double bytes, std::vector<Change>& changes);

  ThrottleOptions options_;
  Ceiling cpu_;
  Ceiling memory_;
  std::size_t level_ = 0;
  bool short_of_memory_ = false;
};

// `factor` times the interval, as long as that is at most 20 s: rarer rounds cost next to nothing,
// the service manager's watchdog is not kept waiting, and a block of a minute keeps three samples.
milliseconds stretched(milliseconds interval, int factor);

}  // namespace soakwatch
