// The three tiers of a process's samples, and what a row of an older one keeps. docs/retention.md
// says when rows move from one to the next.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/sample.h"

namespace soakwatch {

enum class Tier : std::uint8_t { kRaw, kMinutes, kHours };
constexpr std::size_t index_of(Tier tier) { return static_cast<std::size_t>(tier); }

// Of a row; 0: a raw sample stands for an instant.
constexpr milliseconds span_of(Tier tier) {
  if (tier == Tier::kRaw) return milliseconds(0);
  return tier == Tier::kMinutes ? milliseconds(60'000) : milliseconds(3'600'000);
}
// "samples", "minutes", "hours": the table.
std::string_view table_of(Tier tier);

// Of a gauge, all of its figures are kept; a counter only rises, so that its last value says all.
bool keeps_extremes(Metric metric);

// Where the bucket begins that an instant belongs to: whole spans since the epoch, UTC.
constexpr std::int64_t bucket_begin_ms(std::int64_t time_ms, milliseconds span) {
  const std::int64_t length = span.count();
  const std::int64_t rest = time_ms % length;
  return time_ms - (rest < 0 ? rest + length : rest);
}

// All samples of an instance within one minute or one hour. A value that was missing in all of them
// is missing here; counters are missing from the extremes and the average.
struct TierBucket {
  Tier tier = Tier::kMinutes;
  WallTime begin;
  std::int64_t samples = 0;
  Sample last;  // the time of the last sample, and of each metric the last value that there was
  MetricValues lowest;
  MetricValues highest;
  MetricValues average;  // of the values that there were; of the buckets below, by their samples
  // How many values stand behind each average. Not stored: a row that is read again counts with all
  // of its samples.
  std::array<double, kMetricCount> weights{};

  // In any order: what is last is told by the monotonic clock.
  void add(const Sample& sample);
  // One of a lower tier that lies within it, or its other part.
  void add(const TierBucket& other);
};

}  // namespace soakwatch
