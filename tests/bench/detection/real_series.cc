#include "tests/bench/detection/real_series.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>

#include "tests/bench/detection/random.h"

namespace soakwatch::bench {
namespace {

constexpr double kPercentBytes = 100.0 * 1024 * 1024;
constexpr double kMillisecondsPerHour = 3.6e6;

void set_memory(Sample& sample, double bytes) {
  sample.values.set(Metric::kRssBytes, bytes);
  sample.values.set(Metric::kRssAnonBytes, bytes);
}

}  // namespace

Result<std::vector<Series>> read_real_series(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".csv") files.push_back(entry.path());
  }
  if (error) return Error{ErrorKind::kIo, folder.string() + ": " + error.message()};
  std::sort(files.begin(), files.end());
  std::vector<Series> all;
  for (const auto& file : files) {
    Series series;
    series.family = "real";
    series.signal = Signal::kAnonMemory;
    series.watched = Metric::kRssBytes;
    series.limit = 100 * kPercentBytes;
    series.interval = milliseconds(10000);
    std::ifstream in(file);
    std::string line;
    while (std::getline(in, line)) {
      char* end = nullptr;
      const double seconds = std::strtod(line.c_str(), &end);
      if (end == line.c_str() || *end != ',') continue;  // the header
      const double percent = std::strtod(end + 1, nullptr);
      Sample sample;
      sample.instance = 1;
      sample.monotonic = milliseconds(std::llround(seconds * 1000));
      sample.time = kStart + sample.monotonic;
      set_memory(sample, percent * kPercentBytes);
      series.samples.push_back(sample);
    }
    if (series.samples.empty()) continue;
    series.duration = series.samples.back().monotonic - series.samples.front().monotonic;
    all.push_back(std::move(series));
  }
  return all;
}

Series with_leak(const Series& carrier, std::uint64_t seed) {
  Random random(seed);
  Series series = carrier;
  series.family = "real_leak";
  series.seed = seed;
  const double onset_hours = random.uniform(24, 48);
  series.truth.onset = milliseconds(std::llround(onset_hours * kMillisecondsPerHour));
  series.truth.rate_per_hour = random.log_uniform(0.06, 2);
  series.truth.taken_ratio = series.truth.rate_per_hour * 24;
  series.duration = *series.truth.onset + std::chrono::hours(24);
  while (!series.samples.empty() && series.samples.back().monotonic > series.duration) {
    series.samples.pop_back();
  }
  std::optional<double> base;
  for (Sample& sample : series.samples) {
    if (sample.monotonic < *series.truth.onset) continue;
    const double level = sample.values.get(Metric::kRssBytes).value_or(0);
    if (!base) base = level;
    const double hours = static_cast<double>((sample.monotonic - *series.truth.onset).count()) /
                         kMillisecondsPerHour;
    set_memory(sample, std::round(level + *base * series.truth.rate_per_hour * hours));
  }
  return series;
}

}  // namespace soakwatch::bench
