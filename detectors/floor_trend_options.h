// What FloorTrend and its gates are told of a series.
#pragma once

#include <optional>

#include "detectors/block_minima.h"
#include "model/timestamp.h"

namespace soakwatch {

struct FloorTrendOptions {
  BlockOptions blocks;
  milliseconds warm_up{600000};           // after the first sample; left out
  milliseconds cold_start_span{7200000};  // growth from the start must last so long; 0: gate off
  double false_alarms_per_day = 0.001;    // of the order gate, over all levels
  double levelling_off_ratio = 0.5;
  double min_growth = 0;        // unit of the series
  double min_growth_ratio = 0;  // of the base
  std::optional<double> limit;  // of the series; nearing it within the hour waives the cold start
  double least_base = 0;        // shares are taken of this, where the base is smaller
  double quantum = 1;           // resolution of the series; less than three of them is no growth
};

}  // namespace soakwatch
