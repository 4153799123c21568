// Plays a series to a judge and notes when it alarmed.
#pragma once

#include <optional>

#include "tests/bench/detection/judge.h"

namespace soakwatch::bench {

// An alarm that comes back within ten minutes is the same one (config: alerts.keep_firing_for).
constexpr milliseconds kKeepFiring{600000};

struct Outcome {
  double days = 0;       // without a leak: up to the onset, or all of it
  int false_alarms = 0;  // that began in those days
  bool leaks = false;
  bool counts = false;                  // the leak took a fifth of the base or more
  std::optional<double> delay_minutes;  // from the onset to the first alarm after it
};

Outcome play(const Series& series, const JudgeKind& kind);

}  // namespace soakwatch::bench
