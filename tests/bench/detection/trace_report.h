// What the engine says of recorded programs.
#pragma once

#include <string>
#include <vector>

#include "detectors/process_judge.h"
#include "tests/bench/detection/go_traces.h"

namespace soakwatch::bench {

struct TraceAlarm {
  std::string detector;
  milliseconds time{0};  // after the first sample
  bool right = false;    // the leak is there, and this is one of its detectors
};

// When each detector found a leak of this grade or above, in order of time. What another finding
// explains is no alarm of its own; one that comes back within ten minutes is the same one; each
// instance begins anew.
std::vector<TraceAlarm> trace_alarms(const GoTrace& trace, const DetectionOptions& options,
                                     Grade least);

// A line per trace: what was expected, when it was alerted to and suspected, what was wrong.
std::string trace_table(const std::vector<GoTrace>& traces, const DetectionOptions& options);

}  // namespace soakwatch::bench
