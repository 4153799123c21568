// Why the engine alarmed, or did not: the gates of every window that it judged.
#pragma once

#include <string>

#include "tests/bench/detection/series.h"

namespace soakwatch::bench {

// For a series without a leak: each alarm with its time, level and gates. For one with a leak that
// was not found: how often each gate was the only one that failed. Empty where there is nothing to
// say.
std::string diagnose(const Series& series);

}  // namespace soakwatch::bench
