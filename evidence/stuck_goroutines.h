// Goroutines that wait for minutes for what may never come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "evidence/breakdown.h"

namespace soakwatch {

struct StuckLimits {
  milliseconds min_wait = std::chrono::minutes(2);
  // Of goroutines that wait for something to arrive (a receive, a select, a read, a condition).
  // One alone is how any program waits for work, a tick or a signal; many of one stack are not.
  double min_waiting_for_arrival = 2;
  std::size_t max_groups = 20;
};

enum class StuckOn : std::uint8_t { kChannel, kLock, kIo };

struct StuckGroup {
  Group group;  // whose longest_wait is known
  StuckOn on = StuckOn::kChannel;
};

// The groups of a breakdown of kind kGoroutine with a wait of at least min_wait on a channel, a
// lock or I/O; the one with the most goroutines first. Only goroutine?debug=2 tells how long
// goroutines wait: of other captures there are none.
//
// Left out is what waits by design: the main goroutine for the rest of the program, the standard
// library's own goroutines (idle connections of net/http, signals, timers), listeners, sleep, and
// the runtime's workers. Not left out: a connection of net/http whose response nobody reads or
// closes.
std::vector<StuckGroup> stuck_goroutines(const Breakdown& breakdown, const StuckLimits& limits);

// "12 goroutines wait on a channel (chan receive), the longest for 34 minutes: main.leak
// (worker.go:42)"
std::string describe(const StuckGroup& stuck);

}  // namespace soakwatch
