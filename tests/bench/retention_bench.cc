// What retention costs: a million samples rolled up to minutes and those to hours, in the slices in
// which the daemon does it.
//
// Usage: retention_bench [ROWS [INSTANCES]]. Prints the times, the longest slice and the sizes;
// exit status 1 when a slice takes more than 50 ms.
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <thread>

#include "storage/sample_store.h"

namespace soakwatch {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr WallTime kStart = from_unix_ms(1795125600000);
constexpr auto kRound = 5s;
constexpr std::chrono::seconds kPatience{120};
constexpr auto kMostPerSlice = 50ms;
constexpr double kMiB = 1024.0 * 1024.0;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

Sample sample_of(InstanceId instance, milliseconds at, std::mt19937& random) {
  Sample s{instance, kStart + at, at, {}};
  for (const MetricDescriptor& metric : all_metrics()) {
    const bool whole = is_integral(metric.id);
    const auto any = static_cast<double>(random() % 100000000);
    const double value = metric.unit == Unit::kBytes ? 1e8 + any : std::floor(any / 1e5);
    s.values.set(metric.id, whole ? value : value / 7);
  }
  return s;
}

bool write(const StoreOptions& options, int rows, int instances) {
  const auto store = SampleStore::open(options).value();
  std::vector<InstanceId> ids;
  for (int i = 0; i < instances; ++i) {
    ProcessInfo process;
    process.id = {"boot", i + 1, 1};
    const TargetId target = store->target_id(fmt::format("t{}", i), {}, kStart);
    ids.push_back(store->instance_id(target, process, kStart).id);
  }
  std::mt19937 random(1);
  for (int row = 0; row < rows; ++row) {
    const auto round = static_cast<std::size_t>(row) / ids.size();
    store->add_sample(
        sample_of(ids[static_cast<std::size_t>(row) % ids.size()], kRound * round, random));
    if (row % 5000 == 4999 && !store->flush(kPatience)) return false;
  }
  return static_cast<bool>(store->close(kPatience));
}

// False: a slice took too long.
bool pass(StoreOptions options, const char* what, WallTime now) {
  options.retention.interval = 10ms;
  options.retention.now = [now] { return ClockReading{now}; };
  const auto start = Clock::now();
  const auto store = SampleStore::open(options).value();
  while (store->stats().retention.passes == 0) std::this_thread::sleep_for(5ms);
  const double took = seconds_since(start);
  const StoreStats stats = store->stats();
  if (!store->close(kPatience)) return false;
  const auto longest = stats.retention.longest_slice;
  fmt::print(
      "{}: {} rows in {:.1f} s, pauses included; {} slices, the longest {:.1f} ms; the longest "
      "checkpoint between them {:.1f} ms; file {:.1f} MiB\n",
      what, stats.retention.expired_rows, took, stats.retention.slices,
      static_cast<double>(longest.count()) / 1000,
      static_cast<double>(stats.longest_relief.count()) / 1000,
      static_cast<double>(fs::file_size(options.database)) / kMiB);
  return longest <= kMostPerSlice;
}

int run(int rows, int instances) {
  std::string folder = (fs::temp_directory_path() / "soakwatch-bench-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  StoreOptions options;
  options.database = fs::path(folder) / "soak.db";
  const auto start = Clock::now();
  bool fine = write(options, rows, instances);
  fmt::print("{} rows of {} instances written in {:.1f} s; file {:.1f} MiB\n", rows, instances,
             seconds_since(start), static_cast<double>(fs::file_size(options.database)) / kMiB);
  const WallTime end = kStart + kRound * (rows / instances);
  options.retention.keep_raw = 1min;
  options.retention.keep_minutes = 240000h;
  fine = pass(options, "to minutes", end + 1h) && fine;
  options.retention.keep_minutes = 1h;
  fine = pass(options, "to hours", end + 3h) && fine;
  fine = pass(options, "nothing to do", end + 3h) && fine;
  options.retention.keep_hours = 1h;
  fine = pass(options, "deleted", end + 5h) && fine;
  fs::remove_all(folder);
  return fine ? 0 : 1;
}

}  // namespace
}  // namespace soakwatch

int main(int argc, char** argv) {
  const int rows = argc > 1 ? std::atoi(argv[1]) : 1000000;
  const int instances = argc > 2 ? std::atoi(argv[2]) : 10;
  return rows > 0 && instances > 0 ? soakwatch::run(rows, instances) : 2;
}
