// Recorded series as a benchmark: files with the columns time_s and mem_util_percent.
#pragma once

#include <filesystem>
#include <vector>

#include "model/result.h"
#include "tests/bench/detection/series.h"

namespace soakwatch::bench {

// Every *.csv of the folder, by name: taken to be without a leak. A percent stands for 100 MiB of
// anonymous memory, so that the relative size gate rules. Families "real".
Result<std::vector<Series>> read_real_series(const std::filesystem::path& folder);

// The first three days of it with a leak on top, from a time in the second day on, of 6-200 % of
// the level an hour for a day. Family "real_leak".
Series with_leak(const Series& carrier, std::uint64_t seed);

}  // namespace soakwatch::bench
