// How often the descriptors of a process may be counted by listing them: Linux before 6.2 knows no
// other way, and 100,000 take some 40 ms of the loop.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace soakwatch {

// A few are listed in each round. More are listed again after 50 times what it took, 2 % of a core
// at most, but at the latest in the first round after 14 s: a detector's block of a minute wants a
// value in each half of it, whatever the interval of the rounds.
class ListingPace {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::uint64_t kFew = 1000;
  static constexpr std::chrono::seconds kLongestPause{14};

  [[nodiscard]] bool due(Clock::time_point now) const { return now >= next_; }

  void listed(std::uint64_t count, Clock::time_point begin, Clock::time_point end) {
    if (count > kFew)
      next_ = begin + std::min<Clock::duration>(kRest * (end - begin), kLongestPause);
  }

 private:
  static constexpr int kRest = 50;
  Clock::time_point next_;
};

}  // namespace soakwatch
