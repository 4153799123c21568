#include "storage/row_values.h"

#include <algorithm>

namespace soakwatch {
namespace {

MetricValues over_last(const SampleRow& row, MetricValues TierBucket::*figure) {
  MetricValues values = row.sample.values;
  if (row.bucket != nullptr) values.merge(row.bucket->*figure);
  return values;
}

// Before the last sample of a bucket: its floor. A counter at its last value would say that all of
// it was counted at once, but for that of collections, which tells a reading of the heap that came
// after one. A ratio is an average over the life of the process, so that its floor says nothing.
MetricValues floor_before_last(const SampleRow& row) {
  MetricValues values = row.bucket->lowest;
  values.clear(Metric::kGcCpuFraction);
  if (const auto cycles = row.sample.values.get(Metric::kGcCyclesTotal))
    values.set(Metric::kGcCyclesTotal, *cycles);
  return values;
}

}  // namespace

std::int64_t samples_of(const SampleRow& row) {
  return row.bucket == nullptr ? 1 : row.bucket->samples;
}

WallTime begin_of(const SampleRow& row) {
  return row.bucket == nullptr ? row.sample.time : row.bucket->begin;
}

MetricValues typical_values(const SampleRow& row) { return over_last(row, &TierBucket::average); }
MetricValues lowest_values(const SampleRow& row) { return over_last(row, &TierBucket::lowest); }
MetricValues highest_values(const SampleRow& row) { return over_last(row, &TierBucket::highest); }

bool is_replayed(const SampleRow& row, milliseconds block) {
  return row.bucket == nullptr || span_of(row.bucket->tier) <= block;
}

bool replay_row(const SampleRow& row, milliseconds block,
                const std::function<bool(const Sample&)>& take) {
  if (row.bucket == nullptr) return take(row.sample);
  if (!is_replayed(row, block)) return true;
  const milliseconds span = span_of(row.bucket->tier);
  const std::int64_t count = row.bucket->samples;
  const milliseconds length = row.sample.time - row.bucket->begin;
  Sample one = row.sample;
  one.values = floor_before_last(row);
  for (std::int64_t before = count - 1; before > 0; --before) {
    const milliseconds back = std::min(length, span * before / count);
    one.time = row.sample.time - back;
    one.monotonic = row.sample.monotonic - back;
    if (!take(one)) return false;
  }
  one.time = row.sample.time;
  one.monotonic = row.sample.monotonic;
  const auto fraction = row.sample.values.get(Metric::kGcCpuFraction);
  one.values = lowest_values(row);
  if (fraction) one.values.set(Metric::kGcCpuFraction, *fraction);
  return take(one);
}

}  // namespace soakwatch
