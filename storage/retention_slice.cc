#include "storage/retention_slice.h"

namespace soakwatch {

void SlicePace::took(int units, std::chrono::microseconds time) {
  constexpr double kTargetUs = std::chrono::microseconds(kTarget).count();
  constexpr int kLeast = 50;
  constexpr int kMost = 2000;
  // Too little work to learn from; where the time ran out, it tells all the same.
  if (units * 2 < limit_ && time < kTarget) return;
  const double us = std::max(1.0, static_cast<double>(time.count()));
  const double factor = std::clamp(kTargetUs / us, 0.25, 1.25);
  limit_ = std::clamp(static_cast<int>(limit_ * factor), kLeast, kMost);
}

}  // namespace soakwatch
