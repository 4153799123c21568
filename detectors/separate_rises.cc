#include "detectors/separate_rises.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace soakwatch {

int separate_rises(std::span<const double> minima) {
  constexpr std::size_t kBlocksOfOneRise = 3;
  // What is left of each block's level at the end.
  std::vector<double> kept(minima.begin(), minima.end());
  for (std::size_t i = kept.size(); i-- > 1;) kept[i - 1] = std::min(kept[i - 1], kept[i]);
  int rises = 0;
  std::size_t next = 1;  // the first block that may begin a rise of its own
  for (std::size_t i = 1; i + 1 < kept.size(); ++i) {
    if (kept[i] <= kept[i - 1] || i < next) continue;
    ++rises;
    next = i + kBlocksOfOneRise;
  }
  return rises;
}

}  // namespace soakwatch
