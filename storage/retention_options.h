// How long samples are kept, and in how many bytes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "model/timestamp.h"

namespace soakwatch {

struct RetentionOptions {
  // The time that surely passed makes rows old. Empty: nothing is ever moved or deleted. Called on
  // the writer's thread.
  std::function<ClockReading()> now;
  milliseconds keep_raw = std::chrono::hours(24 * 7);
  milliseconds keep_minutes = std::chrono::hours(24 * 90);
  milliseconds keep_hours = std::chrono::hours(24 * 1825);  // and events, and alerts that are over
  std::int64_t limit_bytes = 0;                             // of the pages in use; 0: none
  // More than so many process instances: the oldest of those that lived for less than an hour go,
  // for a program that ends every five seconds makes 17,000 a day.
  std::int64_t limit_instances = 50000;
  // More than so many alerts that are over: the oldest go with their histories, for a program that
  // leaks and is restarted every few minutes.
  std::int64_t limit_alerts = 10000;
  milliseconds interval = std::chrono::minutes(10);  // between two passes
};

struct RetentionStats {
  std::uint64_t expired_rows = 0;  // rolled up or deleted
  std::uint64_t slices = 0;
  std::uint64_t passes = 0;
  std::chrono::microseconds longest_slice{0};
};

}  // namespace soakwatch
