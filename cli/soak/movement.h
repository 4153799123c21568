// What moves while a soak goes on, for a person who looks: the floor of each metric now against its
// floor just after the warm-up. It judges nothing.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "model/metric.h"

namespace soakwatch {

struct Moving {
  Metric metric = Metric::kRssBytes;
  double before = 0;
  double now = 0;
  [[nodiscard]] double share() const { return before > 0 ? (now - before) / before : 0; }
};

// Of one process instance. Not thread-safe.
class Movement {
 public:
  // Samples after the warm-up, in their order.
  void add(const MetricValues& values);
  // Those that grew, the greatest share first: two per cent at least, and more than a trifle.
  [[nodiscard]] std::vector<Moving> growing() const;

 private:
  // So many readings make a floor: a minute at the default interval.
  static constexpr std::size_t kReadings = 12;
  struct Course {
    std::size_t readings = 0;
    double before = 0;
    std::deque<double> latest;
  };
  std::array<Course, kMetricCount> courses_;
};

// "goroutines +425 % (24 to 126)".
std::string moving_text(const Moving& moving);

}  // namespace soakwatch
