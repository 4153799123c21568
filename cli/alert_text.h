// An alert in words that a terminal colours; what needs no colour is in model/alert_words.h.
#pragma once

#include <string>

#include "model/alert.h"
#include "model/alert_words.h"

namespace soakwatch {

// "firing", in red; "SUSPECT" for a suspicion; else the name of the state.
std::string state_word(const Alert& alert, bool color);

// "warning"; "critical", in red while it is open.
std::string severity_word(const Alert& alert, bool color);

// "passed  size  71.2 MiB, at least 32.0 MiB: growth of the floor".
std::string gate_text(Metric metric, const Gate& gate);

}  // namespace soakwatch
