#include "detectors/order_limits.h"

#include <algorithm>
#include <utility>

#include "detectors/floor_window.h"
#include "detectors/rank_tests.h"

namespace soakwatch {
namespace {

// The work counts as grown only where its own blocks are in rising order at 1 %, so that a restless
// load hides no leak.
constexpr double kLoadChance = 0.01;

// The chance of a false alarm that the order gate takes in one test of a level: the day's, shared
// out over the levels and the blocks that close.
double order_chance(const FloorTrendOptions& options, int level) {
  constexpr double kMinutesPerDay = 1440;
  const milliseconds block = options.blocks.block * (1LL << level);
  const double minutes = std::chrono::duration<double, std::ratio<60>>(block).count();
  return std::min(options.false_alarms_per_day * minutes / (kMinutesPerDay * options.blocks.levels),
                  0.05);
}

}  // namespace

OrderLimits::OrderLimits(const FloorTrendOptions& options) {
  const int window = options.blocks.window;
  for (int level = 0; level < options.blocks.levels; ++level) {
    std::vector<int> by_absent;
    for (int absent = 0; absent <= most_absent(window); ++absent) {
      by_absent.push_back(kendall_critical(window - absent, order_chance(options, level)));
    }
    floor_.push_back(std::move(by_absent));
  }
  for (int absent = 0; absent <= most_absent(window); ++absent) {
    load_.push_back(kendall_critical(window - absent, kLoadChance));
  }
}

bool has_rare_order(const FloorTrendOptions& options) {
  const int blocks = options.blocks.window - most_missing(options.blocks.window);
  return kendall_critical(blocks, order_chance(options, 0)) >= 0;
}

}  // namespace soakwatch
