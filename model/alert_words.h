// An alert in words, for a terminal and for a report. All of it is printable, whatever the target's
// names hold.
#pragma once

#include <string>

#include "model/alert.h"

namespace soakwatch {

// Pending for want of evidence.
bool is_suspicion(const Alert& alert);

// "reaches RLIMIT_NOFILE (1,024) in 1h50m"; empty where none is known or it does not grow. The time
// that has passed since the figures were taken is taken off.
std::string limit_text(const Alert& alert, WallTime now);

// The figures of a gate in the units that they have: "71.2 MiB", "at least", "32.0 MiB", "growth of
// the floor".
struct GateWords {
  std::string measured;
  std::string comparison;
  std::string threshold;
  std::string meaning;
};
GateWords gate_words(Metric metric, const Gate& gate);

}  // namespace soakwatch
