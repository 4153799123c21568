// What a whole run amounts to, in a sentence.
#pragma once

#include <string>

#include "cli/analyze/analysis.h"

namespace soakwatch {

// As format_rate(), but with figures that say something where the pace is under one in an hour, and
// short where it is beyond what a process can have.
std::string rate_text(Metric metric, double per_hour);

// The sentence for `analysis.verdict`, from the alerts and series that it lists.
std::string verdict_summary(const Analysis& analysis);

}  // namespace soakwatch
