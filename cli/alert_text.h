// An alert in words, for a terminal. All of it is printable, whatever the target's names hold.
#pragma once

#include <string>

#include "model/alert.h"

namespace soakwatch {

// Pending for want of evidence.
bool is_suspicion(const Alert& alert);

// "firing", in red; "SUSPECT" for a suspicion; else the name of the state.
std::string state_word(const Alert& alert, bool color);

// "warning"; "critical", in red while it is open.
std::string severity_word(const Alert& alert, bool color);

// "reaches RLIMIT_NOFILE (1,024) in 1h50m"; empty where none is known or it does not grow. The time
// that has passed since the figures were taken is taken off.
std::string limit_text(const Alert& alert, WallTime now);

// The figures of a gate in the units that they have: "passed  size  71.2 MiB, at least 32.0 MiB:
// growth of the floor".
std::string gate_text(Metric metric, const Gate& gate);

}  // namespace soakwatch
