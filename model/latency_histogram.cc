#include "model/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace soakwatch {
namespace {

double in_seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

void LatencyHistogram::add(std::chrono::nanoseconds took) {
  took = std::max(took, std::chrono::nanoseconds(0));
  const auto microseconds = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(took).count());
  const auto bucket = static_cast<std::size_t>(std::bit_width(microseconds));
  ++buckets_[std::min(bucket, kBuckets - 1)];
  ++count_;
  max_ = std::max(max_, took);
}

std::optional<double> LatencyHistogram::quantile(double share) const {
  if (count_ == 0) return std::nullopt;
  // Nearest rank: the smallest value with at least that share at or below it.
  const double rank = std::max(1.0, std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (static_cast<double>(seen) < rank) continue;
    const std::chrono::microseconds end(std::int64_t{1} << i);
    return in_seconds(std::min<std::chrono::nanoseconds>(end, max_));
  }
  return in_seconds(max_);
}

std::optional<double> LatencyHistogram::max() const {
  if (count_ == 0) return std::nullopt;
  return in_seconds(max_);
}

}  // namespace soakwatch
