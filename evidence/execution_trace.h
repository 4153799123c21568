// Execution traces of Go programs: what net/http/pprof gives as trace?seconds=N.
#pragma once

#include <cstddef>
#include <string_view>

#include "evidence/breakdown.h"
#include "model/result.h"

namespace soakwatch {

// Beyond one of the first four a trace is an error (kTooLarge).
struct ExecutionTraceLimits {
  std::size_t max_strings = 200'000;  // names of functions and files
  std::size_t max_stacks = 100'000;
  std::size_t max_frames = 2'000'000;    // of all stacks together, 12 bytes each
  std::size_t max_batches = 100'000;     // of a generation; Go 1.22 and later
  std::size_t max_goroutines = 200'000;  // whose creators are known; others have no creator
  std::size_t max_calls = 20'000;        // by stack; of those beyond only the total is known
  std::size_t max_groups = 2'000;
};

// Whether it begins as an execution trace does.
bool is_execution_trace(std::string_view bytes);

// The calls in a trace by (what, own frame), of kind kTrace; formats of Go 1.11 to 1.21, and of Go
// 1.22 and later. A group's state says what was called, its count how often in the time of the
// trace, whether the call succeeded or not:
//
//   "openat", "mmap", "close"      a call of the system; of accept4 only those that gave a
//                                  connection. Calls that return at once (socket, pipe2) are in no
//                                  trace.
//   "calls C: filled_block"        a call into C
//   "starts net/http.(*conn).serve"  a new goroutine
//   "ends net/http.(*conn).serve"    the end of a goroutine
//
// A group's name and location: the innermost own frame of the stack. Where there is none, that of
// the stack that created the goroutine, as far as the trace shows it, and so on up; an end belongs
// to who created the goroutine. Where there is none at all the outermost frame. `stack` has what
// created goroutines behind the stack of the call, each begun with "created by ".
//
// Left out are the calls of the tracer itself.
//
// truncated: the trace ends before it should. In the older format the stacks come last, so that
// then there may be only a total.
//
// Takes memory for the tables and the groups, within the limits, and views `bytes` meanwhile. Pure.
// Errors: kInvalid (no execution trace, or damaged; with the offset), kTooLarge.
Result<Breakdown> parse_execution_trace(std::string_view bytes, const ExecutionTraceLimits& limits);

}  // namespace soakwatch
