// How many pairs of a window's blocks may be in the wrong order: the critical values of Kendall's
// test, worked out once for each level and each number of absent blocks.
#pragma once

#include <vector>

#include "detectors/floor_trend_options.h"

namespace soakwatch {

class OrderLimits {
 public:
  explicit OrderLimits(const FloorTrendOptions& options);

  // -1: no order is rare enough. 0 <= absent <= most_absent().
  [[nodiscard]] int of_floor(int level, int absent) const {
    return floor_[static_cast<std::size_t>(level)][static_cast<std::size_t>(absent)];
  }
  [[nodiscard]] int of_load(int absent) const { return load_[static_cast<std::size_t>(absent)]; }

 private:
  std::vector<std::vector<int>> floor_;  // [level][absent blocks]
  std::vector<int> load_;
};

// False when the shortest window that is judged has no order that is rare enough.
bool has_rare_order(const FloorTrendOptions& options);

}  // namespace soakwatch
