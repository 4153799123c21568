// What the rounds of all targets add up to. Plain numbers on the loop's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

#include "model/latency_histogram.h"

namespace soakwatch {

class RoundStats {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // A round that was due at `due`, began at `begin`, ended at `end`, and is followed by one that is
  // due at `next`: a whole multiple of `interval` later, but after the first of a process.
  void add(Time due, Time begin, Time end, Time next, std::chrono::nanoseconds interval) {
    ++rounds_;
    if (begin - due > interval / 2) ++late_;
    // What is less than an interval is the way to the first whole multiple.
    const auto missed = (next - due) / interval - 1;
    if (missed > 0) skipped_ += static_cast<std::uint64_t>(missed);
    latency_.add(end - due);
  }

  [[nodiscard]] std::uint64_t rounds() const { return rounds_; }
  [[nodiscard]] std::uint64_t late() const { return late_; }
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }
  // From when a round was due to its end, which waits for pprof for half an interval at most. Since
  // the last call.
  LatencyHistogram take_latency() { return std::exchange(latency_, {}); }

 private:
  std::uint64_t rounds_ = 0;
  std::uint64_t late_ = 0;
  std::uint64_t skipped_ = 0;
  LatencyHistogram latency_;
};

}  // namespace soakwatch
