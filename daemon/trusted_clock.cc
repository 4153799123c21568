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

void TrustedClock::start(const Moment& now, std::optional<WallTime> newest_row) {
  const std::lock_guard held(mutex_);
  started_ = true;
  offset_ = sure_offset_ = offset_of(now);
  if (!newest_row || now.wall - *newest_row <= options_.silence) return;
  sure_offset_ = milliseconds(to_unix_ms(*newest_row)) - now.boottime;
  trusted_after_ = now.boottime + options_.steady_after_jump;
}

WallTime TrustedClock::look(const Moment& now) {
  const std::lock_guard held(mutex_);
  if (!started_) return from_unix_ms(0);
  const milliseconds offset = offset_of(now);
  if (std::chrono::abs(offset - std::exchange(offset_, offset)) > options_.jump) {
    trusted_after_ = now.boottime + options_.steady_after_jump;
  }
  if (now.boottime >= trusted_after_) sure_offset_ = offset;
  return from_unix_ms((now.boottime + std::min(sure_offset_, offset)).count());
}

}  // namespace soakwatch
