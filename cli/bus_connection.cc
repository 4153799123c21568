#include "cli/bus_connection.h"

#include <algorithm>
#include <cerrno>

namespace soakwatch {

using Clock = std::chrono::steady_clock;

std::uint64_t microseconds_until(Clock::time_point end) {
  const auto rest =
      std::chrono::duration_cast<std::chrono::microseconds>(end - Clock::now()).count();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(rest, 1));
}

int wait_until_ready(sd_bus* bus, Clock::time_point end) {
  for (;;) {
    const int done = sd_bus_process(bus, nullptr);
    if (done < 0) return done;
    const int ready = sd_bus_is_ready(bus);
    if (ready != 0) return std::min(ready, 0);
    if (done > 0) continue;
    if (Clock::now() >= end) return -ETIMEDOUT;
    const int waited = sd_bus_wait(bus, microseconds_until(end));
    if (waited < 0) return waited;
  }
}

}  // namespace soakwatch
