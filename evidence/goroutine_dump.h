// Goroutine dumps in text: what net/http/pprof gives as goroutine?debug=1 and ?debug=2, and what a
// Go program writes on a panic or on SIGQUIT.
#pragma once

#include <cstddef>
#include <string_view>

#include "evidence/breakdown.h"
#include "model/result.h"

namespace soakwatch {

struct GoroutineDumpLimits {
  // With more distinct stacks than twice as many, the rarest so far are left out as the text is
  // read; they stay in total_count. One that comes back is counted from there on.
  std::size_t max_groups = 2'000;
  std::size_t max_frames = 128;         // of a stack; those further out are left out
  std::size_t max_line_bytes = 65'536;  // of a dump's own lines; a longer one is an error
};

// Groups by wait reason and stack, whoever created them included; of kind kGoroutine. One pass over
// the text; takes memory for the groups, and not for the text.
//
// A group's name and location: the innermost frame that is not of the standard library, else the
// function that created the goroutine where that one is not, else the innermost frame. Its state:
// the wait reason in the words of debug=2. debug=1 does not tell it, and leaves out the runtime's
// frames: it is told from what remains (wait_reason.h), and of channels by how many frames are left
// out, as "select" or "chan receive or send"; empty where even that is unknown. longest_wait: whole
// minutes since the first garbage collection that found the goroutine waiting (debug=2 alone).
//
// truncated: the text ends before the dump does (pprof cuts debug=2 at 64 MiB). A goroutine whose
// stack is cut off is in total_count alone.
//
// Error: kInvalid, with the number of the line: no goroutine dump, or one that is damaged. What
// stands between the goroutines of a log is passed over.
Result<Breakdown> parse_goroutine_dump(std::string_view text, const GoroutineDumpLimits& limits);

}  // namespace soakwatch
