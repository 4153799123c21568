// What the engine says of recorded programs.
#pragma once

#include <string>
#include <vector>

#include "detectors/growth_detector.h"
#include "tests/bench/detection/go_traces.h"

namespace soakwatch::bench {

struct TraceAlarm {
  std::string detector;
  milliseconds time{0};  // after the first sample
  bool right = false;    // the leak is there, and this is one of its detectors
};

// When each detector alarmed, in order of time. An alarm that comes back within ten minutes is the
// same one; each instance begins anew.
std::vector<TraceAlarm> trace_alarms(const GoTrace& trace, const DetectionOptions& options);

// A line per trace: what was expected, what was found how long after the onset, what was wrong.
std::string trace_table(const std::vector<GoTrace>& traces, const DetectionOptions& options);

}  // namespace soakwatch::bench
