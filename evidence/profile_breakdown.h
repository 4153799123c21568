// A profile, taken apart by who holds what.
#pragma once

#include "evidence/breakdown.h"
#include "evidence/profile.h"
#include "model/result.h"

namespace soakwatch {

// Of a heap, allocs, goroutine or CPU profile:
// - memory by the line of the program that asked for it, the innermost one that is not the standard
//   library's, and the line of the program that called it there: what grows through one helper is
//   told apart, and what grows through many paths is few groups. `stack` is the heaviest one. What
//   no line of the program asked for is by stack, and named after the innermost frame.
// - goroutines by stack_key(), named after naming_frame(); `state` is wait_reason() of the most.
// - CPU time by the innermost function that is not the standard library's; `count` is seconds.
// Error kInvalid: a profile of something else.
Result<Breakdown> profile_breakdown(const Profile& profile, const ProfileLimits& limits = {});

}  // namespace soakwatch
