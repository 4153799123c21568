#include "daemon/trusted_clock.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace soakwatch {
namespace {

milliseconds offset_of(const Moment& now) {
  return milliseconds(to_unix_ms(now.wall)) - now.boottime;
}

}  // namespace

TrustedClock::TrustedClock(const Options& options, const Moment& now,
                           const std::optional<ClockReading>& last)
    : options_(options), offset_(offset_of(now)), steady_since_(now.boottime) {
  if (!last) return;
  ahead_ = last->ahead;
  const milliseconds passed = now.wall - last->wall;
  if (passed > options_.silence || passed < -options_.jump) {
    jumped(passed);
  } else {
    steady_since_ -= last->steady + std::max(passed, milliseconds(0));
  }
}

ClockReading TrustedClock::look(const Moment& now) {
  const std::lock_guard held(mutex_);
  const milliseconds offset = offset_of(now);
  const milliseconds moved = offset - std::exchange(offset_, offset);
  if (std::chrono::abs(moved) > options_.jump) {
    jumped(moved);
    steady_since_ = now.boottime;
  }
  const milliseconds steady = now.boottime - steady_since_;
  if (steady >= options_.steady_after_jump) ahead_ = milliseconds(0);
  return {now.wall, ahead_, steady};
}

void TrustedClock::jumped(milliseconds by) {
  const bool was_behind = std::exchange(ahead_, ahead_ + by) < milliseconds(0);
  // A machine without a clock of its own starts long ago, and is set right by the network.
  if (was_behind && ahead_ <= options_.silence) ahead_ = milliseconds(0);
}

}  // namespace soakwatch
