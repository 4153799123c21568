#include "daemon/trusted_clock.h"

#include <chrono>
#include <utility>

namespace soakwatch {

std::optional<WallTime> TrustedClock::look(const Moment& now) {
  const milliseconds offset = milliseconds(to_unix_ms(now.wall)) - now.boottime;
  if (std::exchange(started_, true) && std::chrono::abs(offset - offset_) > options_.jump) {
    trusted_after_ = now.boottime + options_.steady_after_jump;
  }
  offset_ = offset;
  if (now.boottime < trusted_after_) return std::nullopt;
  return now.wall;
}

}  // namespace soakwatch
