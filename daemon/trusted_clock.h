// Whether the wall clock may be used to decide what is old.
#pragma once

#include <chrono>
#include <optional>

#include "daemon/clock.h"

namespace soakwatch {

// A clock that was set wrongly, by hand or by a battery that is empty, must not make old rows out
// of new ones: what is rolled up cannot be had back. After a jump against the clock that counts
// from the boot it is trusted again when it has gone steadily for some time. Not thread-safe.
class TrustedClock {
 public:
  struct Options {
    std::chrono::milliseconds steady_after_jump = std::chrono::hours(24);
    std::chrono::milliseconds jump = std::chrono::hours(1);  // less is a correction
  };
  explicit TrustedClock(Options options) : options_(options) {}

  // The wall clock's time; nothing while it is not trusted.
  std::optional<WallTime> look(const Moment& now);

 private:
  Options options_;
  bool started_ = false;
  std::chrono::milliseconds offset_{0};         // wall - boottime, at the last look
  std::chrono::milliseconds trusted_after_{0};  // boottime
};

}  // namespace soakwatch
