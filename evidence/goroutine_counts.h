// goroutine?debug=1: stacks, and how many goroutines have each.
#pragma once

#include "evidence/goroutine_dump.h"

namespace soakwatch {

inline constexpr std::string_view kGoroutineCountsHead = "goroutine profile: total ";

// As parse_goroutine_dump, of this form alone: `text` begins with the head.
Result<Breakdown> parse_goroutine_counts(std::string_view text, const GoroutineDumpLimits& limits);

}  // namespace soakwatch
