#include "detectors/block_minima.h"

#include <algorithm>
#include <cmath>

namespace soakwatch {
namespace {

double smaller(double a, double b) {
  return std::isnan(a) ? b : std::isnan(b) ? a : std::min(a, b);
}

Block merge(const Block& left, const Block& right) {
  Block merged{left.index / 2, left.start, left.present || right.present, 0, std::nan(""), 0,
               std::nan("")};
  if (left.present && right.present) {
    merged.minimum = std::min(left.minimum, right.minimum);
    merged.companion = smaller(left.companion, right.companion);
    merged.mean = (left.mean + right.mean) / 2;
    merged.load = std::isnan(left.load)    ? right.load
                  : std::isnan(right.load) ? left.load
                                           : (left.load + right.load) / 2;
  } else if (merged.present) {
    const Block& only = left.present ? left : right;
    merged.minimum = only.minimum;
    merged.companion = only.companion;
    merged.mean = only.mean;
    merged.load = only.load;
  }
  return merged;
}

}  // namespace

BlockMinima::BlockMinima(const BlockOptions& options)
    : options_(options), levels_(static_cast<std::size_t>(options.levels)) {}

std::uint32_t BlockMinima::add(milliseconds monotonic, WallTime wall, double value,
                               double companion, double load) {
  if (!origin_) {
    origin_ = monotonic;
    open_block(0, wall);
  }
  const milliseconds now = monotonic - *origin_;
  if (now < open_.last) return 0;
  const std::int64_t index = now / options_.block;
  std::uint32_t closed = 0;
  // A pause longer than everything that is kept leaves nothing to compare with: start afresh after
  // it.
  const std::int64_t horizon = std::int64_t{options_.window} << (options_.levels - 1);
  if (index - open_.index > horizon) {
    for (Level& level : levels_) level = Level{};
    origin_ = monotonic;
    open_block(0, wall);
    return add(monotonic, wall, value, companion, load);
  }
  while (open_.index < index) {
    closed |= close_block();
    const std::int64_t next = open_.index + 1;
    open_block(next, wall - (now - next * options_.block));
  }
  open_.largest_gap = std::max(open_.largest_gap, now - open_.last);
  open_.last = now;
  open_.minimum = open_.any ? std::min(open_.minimum, value) : value;
  open_.companion = open_.any ? smaller(open_.companion, companion) : companion;
  if (!std::isnan(load)) {
    open_.load_sum += load;
    ++open_.loads;
  }
  open_.sum += value;
  ++open_.samples;
  open_.any = true;
  return closed;
}

void BlockMinima::open_block(std::int64_t index, WallTime start) {
  open_ = Open{index, start, index * options_.block, milliseconds(0), false, 0, std::nan(""), 0, 0,
               0,     0};
}

std::uint32_t BlockMinima::close_block() {
  const milliseconds end = (open_.index + 1) * options_.block;
  const milliseconds gap = std::max(open_.largest_gap, end - open_.last);
  const bool present = open_.any && gap * 2 <= options_.block;
  const double load = open_.loads > 0 ? open_.load_sum / open_.loads : std::nan("");
  const double mean = open_.samples > 0 ? open_.sum / open_.samples : 0;
  return push(0,
              Block{open_.index, open_.start, present, open_.minimum, open_.companion, mean, load});
}

std::uint32_t BlockMinima::push(std::size_t at, const Block& block) {
  Level& level = levels_[at];
  if (level.blocks.empty()) level.blocks.reserve(static_cast<std::size_t>(options_.window) + 1);
  level.blocks.push_back(block);
  if (level.blocks.size() > static_cast<std::size_t>(options_.window)) {
    const Block& oldest = level.blocks.front();
    if (oldest.present)
      level.high_water = std::max(level.high_water.value_or(oldest.minimum), oldest.minimum);
    level.blocks.erase(level.blocks.begin());
  }
  std::uint32_t closed = 1U << at;
  if (at + 1 == levels_.size()) return closed;
  if (block.index % 2 == 0) {
    level.left = block;
  } else if (level.left) {
    const Block left = *level.left;
    level.left.reset();
    closed |= push(at + 1, merge(left, block));
  }
  return closed;
}

}  // namespace soakwatch
