// Steps of a floor: jumps from one level to another, with calm before and after.
#pragma once

#include <optional>

#include "detectors/floor_window.h"
#include "model/timestamp.h"

namespace soakwatch {

struct Step {
  WallTime time;  // of the block that it came with
  double before = 0;
  double after = 0;
};

// Of one series, whose levels all show the same step. Each is told once.
class FloorSteps {
 public:
  // A step in the window, of blocks of that length, that was not told before: the greatest rise
  // between two blocks is nearly all of the growth, and neither side moves much.
  std::optional<Step> new_step(const FloorWindow& window, milliseconds block_length);

 private:
  milliseconds told_ = milliseconds::min() / 2;  // end of the block of the latest step
};

}  // namespace soakwatch
