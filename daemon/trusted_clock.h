// Which time it surely is, to decide what is old.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include "daemon/clock.h"

namespace soakwatch {

// A clock that was set wrongly, by hand or by a battery that is empty, must not make old rows out
// of new ones: what is rolled up cannot be had back. After a jump against the clock that counts
// from the boot, only what that one counts has passed, until the wall clock has gone steadily for
// some time. So it is where the daemon starts long after the newest row: then either nothing ran in
// between, or the clock is wrong. Any thread.
class TrustedClock {
 public:
  struct Options {
    milliseconds steady_after_jump = std::chrono::hours(24);
    milliseconds jump = std::chrono::hours(1);  // less is a correction
    milliseconds silence =
        std::chrono::hours(48);  // before the start; less is a night or a weekend
  };
  explicit TrustedClock(Options options) : options_(options) {}

  // Once. `newest_row`: of those that there are from earlier; nothing: there are none.
  void start(const Moment& now, std::optional<WallTime> newest_row);
  // Never later than the wall clock. Before start(): the epoch, which makes nothing old.
  WallTime look(const Moment& now);

 private:
  Options options_;
  std::mutex mutex_;
  bool started_ = false;
  milliseconds offset_{0};         // wall - boottime, at the last look
  milliseconds sure_offset_{0};    // the same, when it was trusted last
  milliseconds trusted_after_{0};  // boottime
};

}  // namespace soakwatch
