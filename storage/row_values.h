// What a reader takes of a row, whether it is a sample or a bucket of older ones.
#pragma once

#include <cstdint>
#include <functional>

#include "storage/sample_reader.h"

namespace soakwatch {

// How many samples it stands for.
std::int64_t samples_of(const SampleRow& row);
// When the first of them may have been: the begin of a bucket.
WallTime begin_of(const SampleRow& row);

// For a person who looks at a level: gauges as the average, counters as they were last.
MetricValues typical_values(const SampleRow& row);
// The floor: gauges at their lowest, counters as they were last.
MetricValues lowest_values(const SampleRow& row);
MetricValues highest_values(const SampleRow& row);

// Whether replay_row() gives anything of it.
bool is_replayed(const SampleRow& row, milliseconds block);
// What detectors are given, who judge the floor of blocks at least `block` long: a sample as it is;
// a bucket as so many samples as it stands for, evenly spaced, each at the lowest values, with the
// counters in the last. A bucket that is longer than a block is left out: several blocks of the
// same floor would look like a series without noise, in which everything is significant. False:
// `take` wants no more.
bool replay_row(const SampleRow& row, milliseconds block,
                const std::function<bool(const Sample&)>& take);

}  // namespace soakwatch
