// The course of every metric over a whole run, as minima of blocks that grow with the run: a fixed
// number of them, whatever its length.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "detectors/theil_sen.h"
#include "model/metric.h"
#include "model/timestamp.h"

namespace soakwatch {

// Some 35 KiB once it is full. Not thread-safe.
class SpanMinima {
 public:
  static constexpr std::size_t kMostBlocks = 128;

  // Blocks begin with this length, at least 1 ms, and double when there are too many.
  explicit SpanMinima(milliseconds block);

  // In order of time.
  void add(milliseconds monotonic, const MetricValues& values);

  // Samples that carry the metric.
  [[nodiscard]] std::int64_t samples(Metric metric) const { return at(metric).samples; }
  // From the first to the last of them.
  [[nodiscard]] milliseconds span(Metric metric) const {
    return at(metric).last - at(metric).first;
  }
  // Hours since the first sample, minimum; a block without a value is left out.
  [[nodiscard]] std::vector<Point> points(Metric metric) const;

 private:
  struct Extent {
    std::int64_t samples = 0;
    milliseconds first{0};
    milliseconds last{0};
  };
  using Minima = std::array<double, kMetricCount>;  // NaN: no value

  [[nodiscard]] const Extent& at(Metric metric) const { return extents_[index_of(metric)]; }
  Minima& block_at(milliseconds since_start);
  void halve();

  milliseconds block_;
  milliseconds start_{0};
  std::vector<Minima> blocks_;
  std::array<Extent, kMetricCount> extents_{};
};

}  // namespace soakwatch
