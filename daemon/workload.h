// What the targets' watchers do, may do, and leave out. One object for all of them, on the loop's
// thread.
#pragma once

#include <cstdint>

#include "daemon/round_stats.h"
#include "daemon/throttle.h"

namespace soakwatch {

struct Workload {
  Throttle throttle;
  RoundStats rounds;
  std::uint64_t left_out_baselines = 0;
  std::uint64_t left_out_details = 0;
  std::uint64_t left_out_looks = 0;
  std::uint64_t refused_captures = 0;  // by the store, for want of room

  // Asked when the work is due. False: it is left out, and counted.
  bool allows(Work work) {
    if (throttle.allows(work)) return true;
    switch (work) {
      case Work::kBaseline:
        ++left_out_baselines;
        break;
      case Work::kDetail:
        ++left_out_details;
        break;
      case Work::kLook:
        ++left_out_looks;
        break;
    }
    return false;
  }
};

}  // namespace soakwatch
