// A recorded or made-up process of which the truth is known.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "detectors/signals.h"
#include "model/process_id.h"
#include "model/sample.h"

namespace soakwatch::bench {

struct Truth {
  std::optional<milliseconds> onset;  // of the leak; absent: there is none
  double rate_per_hour = 0;           // of the leak, as a share of the base
  double taken_ratio = 0;             // what it took until the end, as a share of the base
};

struct Series {
  std::string family;
  std::uint64_t seed = 0;
  Signal signal = Signal::kGoroutines;   // that the family is about
  Metric watched = Metric::kGoroutines;  // what a rule of today would look at
  double limit = 0;                      // of the watched metric
  ProcessInfo process;
  milliseconds interval{5000};  // between two samples that carry the signal
  milliseconds duration{0};
  std::vector<Sample> samples;  // a new instance id is a restart
  Truth truth;
};

// When the first sample of each was taken.
inline const WallTime kStart = from_unix_ms(1795164000000);

inline double minutes(milliseconds time) {
  return std::chrono::duration<double, std::ratio<60>>(time).count();
}
inline double hours(milliseconds time) { return minutes(time) / 60; }

}  // namespace soakwatch::bench
