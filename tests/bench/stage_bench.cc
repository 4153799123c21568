// What becomes of a sample after the round: CPU time per sample in the store and in the detectors.
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <unistd.h>

#include <cmath>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "detectors/process_judge.h"
#include "storage/sample_store.h"

namespace soakwatch::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto kInterval = 5s;
constexpr auto kFlushTimeout = 10s;

// Of all threads: the store has one of its own.
double process_cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// A Go program at work: every metric, none of them growing.
Sample sample_at(std::int64_t round) {
  Sample sample;
  sample.instance = 1;
  sample.monotonic = round * kInterval;
  sample.time = from_unix_ms(1'700'000'000'000) + sample.monotonic;
  const double wave = std::floor(1000 * std::sin(static_cast<double>(round)));
  for (const MetricDescriptor& metric : all_metrics()) {
    sample.values.set(metric.id, metric.unit == Unit::kRatio ? 0.01 : 50e6 + 4096 * wave);
  }
  return sample;
}

class TemporaryFolder {
 public:
  TemporaryFolder()
      : path_(std::filesystem::temp_directory_path() /
              ("soakwatch-bench-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path_);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A transaction of so many samples: as many as targets have a round at the same time.
void store(benchmark::State& state) {
  const std::int64_t samples = state.range(0);
  const TemporaryFolder folder;
  StoreOptions options;
  options.database = folder.path() / "bench.db";
  auto opened = SampleStore::open(options);
  if (!opened) {
    state.SkipWithError(opened.error().message.c_str());
    return;
  }
  SampleStore& store = **opened;
  const TargetId target = store.target_id("bench", {}, from_unix_ms(0));
  ProcessInfo process;
  process.id = {"boot", 1, 1};
  const InstanceId instance = store.instance_id(target, process, from_unix_ms(0)).id;
  std::int64_t round = 0;
  for ([[maybe_unused]] auto _ : state) {
    const double begin = process_cpu_seconds();
    for (std::int64_t i = 0; i < samples; ++i) {
      Sample sample = sample_at(round++);
      sample.instance = instance;
      store.add_sample(sample);
    }
    if (const auto flushed = store.flush(kFlushTimeout); !flushed) {
      state.SkipWithError(flushed.error().message.c_str());
      break;
    }
    state.SetIterationTime((process_cpu_seconds() - begin) / static_cast<double>(samples));
  }
}
BENCHMARK(store)
    ->Name("store/per_sample_in_batches_of")
    ->Arg(1)
    ->Arg(10)
    ->Arg(500)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond)
    ->Iterations(500);

constexpr std::int64_t kRoundsPerDay = 24 * 3600 / 5;

ProcessJudge judge_of_all() {
  DetectionOptions options;
  for (const SignalDescriptor& signal : all_signals()) {
    options.signals.push_back({signal.id, 1e6, 0.1, kInterval});
  }
  options.cpu_doubling = true;
  options.gc_pressure = true;
  return {options, ProcessInfo{}};
}

void observe_days(ProcessJudge& judge, std::int64_t& round, int days) {
  for (const std::int64_t end = round + days * kRoundsPerDay; round < end; ++round) {
    benchmark::DoNotOptimize(judge.observe(sample_at(round)));
  }
}

// All detectors of one process, a day of rounds at a time.
void detect(benchmark::State& state) {
  ProcessJudge judge = judge_of_all();
  std::int64_t round = 0;
  for ([[maybe_unused]] auto _ : state) observe_days(judge, round, 1);
  state.counters["per_sample"] = benchmark::Counter(
      kRoundsPerDay, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(detect)->Name("detectors/a_day_of_rounds")->Unit(benchmark::kMillisecond);

// Memory of the same after a fortnight, when the longest blocks (512 minutes, 24 of them) are
// there.
void detector_memory(benchmark::State& state) {
  constexpr int kDays = 14;
  for ([[maybe_unused]] auto _ : state) {
    const std::size_t before = mallinfo2().uordblks;
    ProcessJudge judge = judge_of_all();
    std::int64_t round = 0;
    observe_days(judge, round, kDays);
    state.counters["bytes"] = static_cast<double>(mallinfo2().uordblks - before);
  }
}
BENCHMARK(detector_memory)
    ->Name("detectors/memory_when_full")
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

}  // namespace
}  // namespace soakwatch::bench
