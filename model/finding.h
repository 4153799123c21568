// What a detector concludes from one series at one instant.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/metric.h"
#include "model/timestamp.h"

namespace soakwatch {

enum class Severity : std::uint8_t { kInfo, kWarning, kCritical };
std::string_view to_string(Severity severity);

// One condition of a detector with the figures that it was judged by, so that an alert explains
// itself.
struct Gate {
  std::string name;  // "size", "order", ...
  bool passed = false;
  double measured = 0;  // in the unit that `meaning` states
  double threshold = 0;
  std::string meaning;  // "growth in bytes, at least"
};

struct Finding {
  std::string detector;  // "goroutine_growth": stable, part of an alert's identity
  Metric metric = Metric::kRssBytes;
  Severity severity = Severity::kWarning;
  double base = 0;            // level before the growth, in the metric's unit
  double current = 0;         // level now
  double slope_per_hour = 0;  // Theil-Sen estimate, metric's unit per hour
  double slope_low = 0;       // its 95 % interval
  double slope_high = 0;
  WallTime since;        // when the growth began, as far as the data shows
  milliseconds span{0};  // length of the data behind the judgement
  std::vector<Gate> gates;
  std::string summary;  // one sentence for a person

  [[nodiscard]] double growth() const { return current - base; }
};

}  // namespace soakwatch
