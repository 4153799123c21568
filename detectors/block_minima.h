// A series as minima of blocks, at lengths that double from level to level. Minima take away bursts
// and the sawtooth of a garbage collector; the levels see fast leaks within minutes and slow ones
// within days. Memory is bounded, and adding a sample costs O(1) on average.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/timestamp.h"

namespace soakwatch {

struct Block {
  std::int64_t index = 0;  // blocks of this level since the start of the series
  WallTime start;
  bool present = false;  // false: under half of the block was covered by samples
  double minimum = 0;
  double companion = 0;  // minimum of the second series; NaN where it has none
  double mean = 0;       // of the samples
  double load = 0;       // mean of the work done; NaN where it is not known
};

struct BlockOptions {
  milliseconds block{60000};  // of level 0
  int levels = 10;
  int window = 24;  // blocks kept per level
};

class BlockMinima {
 public:
  explicit BlockMinima(const BlockOptions& options);

  // Samples in order of `monotonic`; one that steps back is ignored. Returns the levels that closed
  // a block, lowest first: a bit per level. `companion` and
  // `load` may be NaN.
  std::uint32_t add(milliseconds monotonic, WallTime wall, double value, double companion,
                    double load = std::nan(""));

  // The latest blocks of a level, oldest first, at most `window`.
  [[nodiscard]] const std::vector<Block>& blocks(int level) const {
    return levels_[static_cast<std::size_t>(level)].blocks;
  }
  // The greatest minimum of the level that has already left the window.
  [[nodiscard]] std::optional<double> high_water(int level) const {
    return levels_[static_cast<std::size_t>(level)].high_water;
  }
  // Blocks kept per level.
  [[nodiscard]] int window() const { return options_.window; }
  [[nodiscard]] milliseconds block_length(int level) const {
    return options_.block * (1LL << level);
  }

 private:
  struct Level {
    std::vector<Block> blocks;  // two dozen: moving them up costs less than a list of their own
    std::optional<double> high_water;
    std::optional<Block> left;  // the first of a pair, waiting for the second
  };
  struct Open {
    std::int64_t index = 0;
    WallTime start;
    milliseconds last{0};  // time of the latest sample in it, or its start
    milliseconds largest_gap{0};
    bool any = false;
    double minimum = 0;
    double companion = 0;
    double sum = 0;
    int samples = 0;
    double load_sum = 0;
    int loads = 0;
  };

  void open_block(std::int64_t index, WallTime start);
  std::uint32_t close_block();
  // Puts a closed block into the level and, when it completes a pair, the merged one into the next.
  std::uint32_t push(std::size_t level, const Block& block);

  BlockOptions options_;
  std::vector<Level> levels_;
  std::optional<milliseconds> origin_;
  Open open_;
};

}  // namespace soakwatch
