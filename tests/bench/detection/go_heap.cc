#include "tests/bench/detection/go_heap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace soakwatch::bench {
namespace {

constexpr double kForcedSeconds = 120;
constexpr double kMinimumGoal = 4.0 * 1024 * 1024;
// Under a memory limit that the live heap fills, the collector leaves room for a little work.
constexpr double kLeastRoom = 1.05;
// How fast freed memory goes back to the system.
constexpr double kScavengeSeconds = 600;

}  // namespace

GoHeap::GoHeap(const GoHeapOptions& options, std::function<double(double)> live)
    : options_(options), live_(std::move(live)) {
  collect(0);
}

void GoHeap::collect(double hours) {
  const double live = std::max(1e5, live_(hours));
  heap_ = live;
  since_collection_seconds_ = 0;
  ++cycles_;
  goal_ =
      options_.gogc_off
          ? std::numeric_limits<double>::max()
          : std::max(kMinimumGoal * options_.gogc,
                     live + options_.gogc * (live + options_.stack_bytes + options_.globals_bytes));
  if (options_.memory_limit_bytes) {
    const double room = *options_.memory_limit_bytes - options_.stack_bytes -
                        options_.globals_bytes - 0.03 * *options_.memory_limit_bytes;
    goal_ = std::max(std::min(goal_, room), kLeastRoom * live);
  }
}

void GoHeap::advance(double hours, double seconds, double load, Random& random) {
  const double rate = std::max(1.0, options_.alloc_bytes_per_second * load);
  allocated_ += rate * seconds;
  double left = seconds;
  double peak = heap_;
  while (left > 0) {
    const double to_goal = std::max(0.0, (goal_ - heap_) / rate);
    const double to_forced = options_.gogc_off ? std::numeric_limits<double>::max()
                                               : kForcedSeconds - since_collection_seconds_;
    const double step = std::min(to_goal, to_forced);
    if (step >= left) {
      heap_ += rate * left;
      since_collection_seconds_ += left;
      peak = std::max(peak, heap_);
      break;
    }
    left -= step;
    peak = std::max(peak, heap_ + rate * step);
    collect(hours - left / 3600);
    const double cycle = std::max(1e-3, (goal_ - heap_) / rate);
    if (cycle < left / 20) {  // many collections within the step: only the last one shows
      cycles_ += std::floor(left / cycle);
      collect(hours);
      heap_ += random.uniform() * (goal_ - heap_);
      peak = std::max(peak, goal_);
      break;
    }
  }
  const double kept = resident_ * std::exp(-seconds / kScavengeSeconds);
  resident_ = std::max(peak * 1.05 + options_.stack_bytes + options_.globals_bytes, kept);
}

}  // namespace soakwatch::bench
