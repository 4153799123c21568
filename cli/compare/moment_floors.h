// The floors of all figures of a process around one instant.
#pragma once

#include <optional>
#include <string>

#include "model/sample.h"
#include "storage/sample_reader.h"

namespace soakwatch {

struct MomentFloors {
  InstanceRow instance;
  WallTime from;  // of the first sample that counts
  WallTime to;    // of the last one
  std::int64_t samples = 0;
  MetricValues minima;  // of gauges
};

// The lowest values within `span` before the newest sample at or before `time`; where there is
// none, within `span` after the oldest one. One process: that of the sample. Nothing: no samples.
Result<std::optional<MomentFloors>> floors_at(SampleReader& reader, const std::string& target,
                                              WallTime time, milliseconds span);

// Within `span` after the first sample of the instance at or after `time`.
Result<std::optional<MomentFloors>> floors_after(SampleReader& reader, SampleQuery query,
                                                 WallTime time, milliseconds span);

}  // namespace soakwatch
