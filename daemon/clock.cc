#include "daemon/clock.h"

#include <ctime>

namespace soakwatch {
namespace {

milliseconds read(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return std::chrono::duration_cast<milliseconds>(seconds(t.tv_sec) +
                                                  std::chrono::nanoseconds(t.tv_nsec));
}

}  // namespace

Moment read_clocks() {
  return {WallTime(read(CLOCK_REALTIME)), read(CLOCK_MONOTONIC), read(CLOCK_BOOTTIME)};
}

std::chrono::nanoseconds process_cpu_time() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

}  // namespace soakwatch
