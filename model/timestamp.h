// Time is three clocks: wall (to show), monotonic (to measure), boottime (to see a suspend).
// Code below daemon/ and cli/ never reads a clock; it gets these as arguments.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/result.h"

namespace soakwatch {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Unix time in milliseconds, UTC.
using WallTime = std::chrono::sys_time<milliseconds>;

// One instant on all three clocks. CLOCK_MONOTONIC stands still while the machine sleeps,
// CLOCK_BOOTTIME does not: when boottime - monotonic grows by more than a second between rounds,
// the machine slept.
struct Moment {
  WallTime wall;
  milliseconds monotonic{0};
  milliseconds boottime{0};
};

// What the wall clock says, and how far it is believed when something is to be called old.
struct ClockReading {
  WallTime wall;
  milliseconds ahead{0};   // of the time that surely passed; below 0: the clock was set back
  milliseconds steady{0};  // for how long it has gone on like that without a jump

  [[nodiscard]] bool is_trusted() const { return ahead <= milliseconds(0); }
  [[nodiscard]] WallTime sure() const { return is_trusted() ? wall : wall - ahead; }
};

constexpr std::int64_t to_unix_ms(WallTime time) { return time.time_since_epoch().count(); }
constexpr WallTime from_unix_ms(std::int64_t ms) { return WallTime(milliseconds(ms)); }
constexpr double to_seconds(milliseconds time) {
  return std::chrono::duration<double>(time).count();
}

// "2026-11-20T08:40:00.123Z"; the fraction is left out where it is zero. Years 0000 to 9999.
std::string format_utc(WallTime time);
// "2026-11-20T08:40:00" in the zone of the process, fraction and zone left out: what spreadsheets
// read as a date. Not for storage.
std::string format_local(WallTime time);
// "08:40:00", local.
std::string format_local_clock(WallTime time);

// "90s" -> "1m30s"; at most the two largest units: 45s, 12m, 2h5m, 3d4h. Below 1 s: "250ms".
std::string format_duration(milliseconds duration);

// "2026-11-20T08:40:00[.fraction](Z|+hh:mm|-hhmm)", and without a zone, taken as local time. A
// space may stand for the T, and the time of day may be absent. Error: kInvalid.
Result<WallTime> parse_iso8601(std::string_view text);

}  // namespace soakwatch
