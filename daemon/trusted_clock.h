// Which time it surely is, to decide what is old.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include "daemon/clock.h"

namespace soakwatch {

// A clock that was set wrongly, by hand or by a battery that is empty, must not make old rows out
// of new ones: what is rolled up cannot be had back. By how much the wall clock jumped ahead of the
// clock that counts from the boot does not count until it has gone steadily for some time; a jump
// back takes away from that, and a clock that was behind and is set right is trusted. The time
// before a start is measured by the reading that an earlier run left: where it is long, nothing
// ran, or the clock is wrong. Any thread.
class TrustedClock {
 public:
  struct Options {
    milliseconds steady_after_jump = std::chrono::hours(24);
    milliseconds jump = std::chrono::hours(1);      // less is a correction
    milliseconds silence = std::chrono::hours(72);  // before a start; less is a weekend
  };
  // `last`: the newest reading of an earlier run; nothing: there was none, the clock is believed.
  TrustedClock(const Options& options, const Moment& now, const std::optional<ClockReading>& last);

  ClockReading look(const Moment& now);

 private:
  void jumped(milliseconds by);

  Options options_;
  std::mutex mutex_;
  milliseconds offset_{0};        // wall - boottime, at the last look
  milliseconds ahead_{0};         // as in ClockReading
  milliseconds steady_since_{0};  // boottime; may be before the boot
};

}  // namespace soakwatch
