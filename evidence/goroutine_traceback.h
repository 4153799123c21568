// goroutine?debug=2, and what a Go program writes on a panic or SIGQUIT: each goroutine by itself.
#pragma once

#include "evidence/goroutine_dump.h"

namespace soakwatch {

// As parse_goroutine_dump, of this form alone.
Result<Breakdown> parse_goroutine_traceback(std::string_view text,
                                            const GoroutineDumpLimits& limits);

}  // namespace soakwatch
