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

// The sample, or the bucket of older ones, that stands for an instant.
struct Anchor {
  InstanceId instance = 0;
  WallTime time;
  bool later = false;  // than the instant: there is none before it
};

// The newest sample at or before `time`, else the oldest one; nothing: no samples.
Result<std::optional<Anchor>> anchor_at(SampleReader& reader, const std::string& target,
                                        WallTime time);

// The lowest values of the anchor's process within `span` before it, or after it where it is later
// than what was asked for.
Result<std::optional<MomentFloors>> floors_at(SampleReader& reader, const std::string& target,
                                              const Anchor& anchor, milliseconds span);

}  // namespace soakwatch
