// How long something took, over many times: 40 numbers, whatever their count.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

namespace soakwatch {

// A bucket per power of two, from a microsecond to some six days: a quantile is at most twice the
// true one, the maximum is exact. Not thread-safe.
class LatencyHistogram {
 public:
  void add(std::chrono::nanoseconds took);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  // In seconds; `share` from 0 to 1. Nothing where nothing was added.
  [[nodiscard]] std::optional<double> quantile(double share) const;
  [[nodiscard]] std::optional<double> max() const;

 private:
  static constexpr std::size_t kBuckets = 40;
  std::array<std::uint64_t, kBuckets> buckets_{};  // [i]: at least 2^(i-1) us, less than 2^i us
  std::uint64_t count_ = 0;
  std::chrono::nanoseconds max_{0};
};

}  // namespace soakwatch
