// What a whole run amounts to, in a sentence.
#pragma once

#include <string>

#include "cli/analyze/analysis.h"

namespace soakwatch {

// The sentence for `analysis.verdict`, from the alerts and series that it lists.
std::string verdict_summary(const Analysis& analysis);

}  // namespace soakwatch
