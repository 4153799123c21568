// Who opens what grows, told from an execution trace.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "evidence/breakdown.h"
#include "model/finding.h"

namespace soakwatch {

// For a growth that no profile and no table explains: the functions of the program that open, in
// the time of a trace (kTrace), more than is closed again; who opens most first. By the detector
// that sees the growth:
//
//   fd_growth                       files, connections and the like; those of a library's goroutine
//                                   are those of who started it
//   goroutine_growth, thread_growth goroutines
//   native_memory_growth, anon_memory_growth
//                                   mappings, and calls into C. What a C function does the trace
//                                   does not say: one that is called often is suspect, not guilty,
//                                   and shares are those of the mappings or of the calls.
//
// Nobody for another detector.
//
// Something is closed by the function that opened it, else by one it has above it on the stack,
// else by its package, else by nobody known: in this order what is closed is taken off what is
// opened. Left out is who opens no more than chance explains. An accepted connection that no
// function of the program is behind has its other end in the same process as far as the program
// dials.
//
// Culprit: kind kTrace, `state` what was called, `now` openings that were not closed, `before` 0,
// `share` of all those that chance does not explain, whoever is behind them. Calls that failed (the
// trace does not say so) count as openings.
std::vector<Culprit> openers(const Breakdown& trace, std::string_view detector, std::size_t limit);

}  // namespace soakwatch
