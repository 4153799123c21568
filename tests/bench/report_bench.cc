// What a report costs: a day of samples, one a second, gathered and written as HTML, against only
// reading the rows.
//
// Usage: report_bench [FILE.html]. Prints the times, the ratio and the size; exit status 1 when the
// page takes more than a second or is larger than a megabyte.
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "report/report_data.h"
#include "report/report_html.h"
#include "report/report_json.h"
#include "report/report_markdown.h"
#include "storage/sample_store.h"

namespace soakwatch {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::minutes;

constexpr int kRows = 86400;
constexpr int kFlushEveryRows = 5000;
constexpr double kMiB = 1024.0 * 1024.0;
constexpr double kMostSeconds = 1.0;
constexpr std::size_t kMostHtmlBytes = 1000 * 1000;
constexpr WallTime kStart = from_unix_ms(1795125600000);  // 2026-11-19T22:00:00Z
constexpr int kRestartRow = 5000;                         // at 23:23:20
constexpr int kLeakRow = 30000;
constexpr std::chrono::seconds kFlushTimeout{60};

// A Go program: a sawtooth of the collector, bursts, from some time on goroutines that do not end.
Sample sample_of(InstanceId instance, int row, std::mt19937& random) {
  std::normal_distribution<double> noise(0, 1);
  const double age = row < kRestartRow ? row : row - kRestartRow;
  const double leaked = std::max(0.0, (row - kLeakRow) / 3600.0);  // hours of it
  const bool burst = row % 7200 > 7140;
  const double goroutines =
      std::floor(54 + 240 * leaked + (burst ? 90 : 0) + std::fabs(noise(random)));
  const double live = (40 + 9 * leaked + 4 * (1 - std::exp(-age / 3000))) * kMiB;
  const double heap = live * (1 + std::fmod(age, 137) / 137) + noise(random) * 1e5;
  Sample sample;
  sample.instance = instance;
  sample.time = kStart + seconds(row);
  sample.monotonic = seconds(row);
  MetricValues& v = sample.values;
  const auto whole = [&](Metric metric, double value) { v.set(metric, std::floor(value)); };
  whole(Metric::kRssBytes, live * 2.1 + 20 * kMiB + noise(random) * 3e5);
  whole(Metric::kRssAnonBytes, live * 2.1 + 8 * kMiB + noise(random) * 3e5);
  whole(Metric::kRssFileBytes, 12 * kMiB);
  whole(Metric::kSwapBytes, 0);
  whole(Metric::kVsizeBytes, 1200 * kMiB);
  whole(Metric::kOpenFds, 41 + (burst ? 12 : 0) + std::fabs(noise(random)) * 2);
  whole(Metric::kThreads, 11 + std::min(6.0, age / 9000));
  v.set(Metric::kCpuSecondsTotal, age * 0.07 + (row % 7200 > 7140 ? 1 : 0));
  whole(Metric::kMajorFaultsTotal, 12);
  whole(Metric::kGoroutines, goroutines);
  if (row % 15 != 0) return sample;
  whole(Metric::kHeapAllocBytes, heap);
  whole(Metric::kHeapInuseBytes, heap * 1.06);
  whole(Metric::kHeapIdleBytes, live * 0.9);
  whole(Metric::kHeapReleasedBytes, live * 0.2);
  whole(Metric::kHeapSysBytes, live * 2.4);
  whole(Metric::kHeapObjects, heap / 91);
  whole(Metric::kStackInuseBytes, goroutines * 2600);
  whole(Metric::kNextGcBytes, live * 2);
  whole(Metric::kSysBytes, live * 2.6);
  whole(Metric::kAllocBytesTotal, age * 310000);
  whole(Metric::kMallocsTotal, age * 3400);
  whole(Metric::kFreesTotal, age * 3390);
  whole(Metric::kGcCyclesTotal, age / 137);
  v.set(Metric::kGcPauseSecondsTotal, age / 137 * 0.00021);
  v.set(Metric::kGcCpuFraction, 0.004);
  return sample;
}

Alert alert_of(TargetId target, InstanceId instance, AlertId id) {
  Alert alert;
  alert.id = id;
  alert.target = target;
  alert.target_name = "sidecar";
  alert.instance = instance;
  alert.pid = 4712;
  alert.state = AlertState::kFiring;
  alert.pending_since = kStart + seconds(kLeakRow) + minutes(40);
  alert.fired_at = alert.pending_since + minutes(20);
  alert.updated = kStart + seconds(kRows - 1);
  alert.told = true;
  Finding& f = alert.finding;
  f.detector = "goroutine_growth";
  f.metric = Metric::kGoroutines;
  f.base = 55;
  f.current = 55 + 240 * (kRows - kLeakRow) / 3600.0;
  f.slope_per_hour = 240;
  f.slope_low = 236;
  f.slope_high = 243;
  f.since = kStart + seconds(kLeakRow);
  f.span = hours(12);
  f.gates = {{"size", true, 3760, 50, "growth of the floor, at least"},
             {"order", true, 2, 43, "pairs of blocks that do not rise, at most"},
             {"walk", true, 3, 40, "ranks of the falling steps, at most"},
             {"load", true, 68.4, 0.04,
              "growth as a share, at least, against the growth of the work done"}};
  f.summary = "goroutines grew from 55 to 3,815, +240/h";
  f.cause = "goroutines that do not end";
  f.ruled_out = {"more work: the load grew by 3 %"};
  return alert;
}

void make_database(const fs::path& file) {
  StoreOptions options;
  options.database = file;
  auto store = SampleStore::open(options).value();
  TargetSpec spec;
  spec.value = "sidecar";
  const TargetId target = store->target_id("sidecar", spec, kStart);
  std::array<InstanceId, 2> instances{};
  for (std::size_t i = 0; i < instances.size(); ++i) {
    ProcessInfo process;
    process.id = {"boot", 4711 + static_cast<pid_t>(i), 100 + i};
    process.comm = "sidecar";
    process.cmdline = "/usr/bin/sidecar --serve --config /etc/sidecar.yaml";
    process.limits.open_files = 1024;
    process.limits.memory_bytes = 512 * kMiB;
    const WallTime found = kStart + seconds(i == 0 ? 0 : kRestartRow);
    instances[i] = store->instance_id(target, process, found).id;
    store->add_event({found, i == 0 ? EventKind::kInstanceStarted : EventKind::kInstanceRestarted,
                      target, instances[i], fmt::format("pid {}", process.id.pid)});
  }
  store->end_instance({instances[0], kStart + seconds(kRestartRow - 2), "process ended"});
  std::mt19937 random(1);
  for (int row = 0; row < kRows; ++row) {
    store->add_sample(sample_of(instances[row < kRestartRow ? 0 : 1], row, random));
    if (row % kFlushEveryRows == 0 && !store->flush(kFlushTimeout)) std::abort();
  }
  const Alert alert = alert_of(target, instances[1], store->next_alert_id());
  store->add_alert_transition({alert, AlertState::kPending, *alert.fired_at, "held for 20m"});
  if (!store->close(kFlushTimeout)) std::abort();
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

int run(const char* output) {
  std::string folder = (fs::temp_directory_path() / "report-bench-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  const fs::path file = fs::path(folder) / "soak.db";
  make_database(file);
  SampleReader reader = SampleReader::open(file).value();

  auto start = std::chrono::steady_clock::now();
  std::int64_t rows = 0;
  (void)reader.for_each({}, [&](const SampleRow&) { return ++rows > 0; });
  const double reading = seconds_since(start);
  start = std::chrono::steady_clock::now();
  const ReportData data = gather(reader, {}, kStart + hours(24)).value();
  const double gathering = seconds_since(start);
  start = std::chrono::steady_clock::now();
  const std::string html = report_html(data);
  const double rendering = seconds_since(start);
  std::printf("rows %lld: read %.3f s, gather %.3f s, HTML %.3f s; ratio to reading %.2f\n",
              static_cast<long long>(rows), reading, gathering, rendering,
              (gathering + rendering) / reading);
  std::printf("HTML %zu bytes, Markdown %zu bytes, JSON %zu bytes\n", html.size(),
              report_markdown(data).size(), report_json(data).size());
  if (output != nullptr) std::ofstream(output, std::ios::binary) << html;
  std::error_code ignored;
  if (std::getenv("KEEP_DATABASE") == nullptr) {
    fs::remove_all(folder, ignored);
  } else {
    std::printf("%s\n", file.c_str());
  }
  return gathering + rendering <= kMostSeconds && html.size() <= kMostHtmlBytes ? 0 : 1;
}

}  // namespace
}  // namespace soakwatch

int main(int argc, char** argv) { return soakwatch::run(argc > 1 ? argv[1] : nullptr); }
