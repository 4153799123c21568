// One round of one process instance.
#pragma once

#include <cstdint>

#include "model/metric.h"
#include "model/timestamp.h"

namespace soakwatch {

// Row ids of the store. They are given out by the process that writes; 0 is none.
using TargetId = std::int64_t;
using InstanceId = std::int64_t;
using AlertId = std::int64_t;

struct Sample {
  InstanceId instance = 0;
  WallTime time;              // when the round began
  milliseconds monotonic{0};  // the same instant; comparable within one boot only
  MetricValues values;
};

}  // namespace soakwatch
