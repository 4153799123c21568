// The line along the floor of a series, which is what a leak raises.
#pragma once

#include <optional>

#include "detectors/theil_sen.h"
#include "report/series_buckets.h"

namespace soakwatch {

struct FloorLine {
  WallTime from;
  WallTime to;
  double at_from = 0;  // in the metric's unit
  double at_to = 0;
  Slope slope_per_hour;
  double off = 0;  // nine of ten minima are as near to the line, or nearer
};

// The Theil-Sen line through the minima of at most a hundred blocks of one instance between two
// times. Nothing: fewer than three blocks have a value.
std::optional<FloorLine> floor_line(const MetricSeries& series, InstanceId instance, WallTime from,
                                    WallTime to);

}  // namespace soakwatch
