#include "detectors/process_judge.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

constexpr double kMiB = 1024.0 * 1024;
const WallTime kStart = from_unix_ms(1795164000000);

DetectionOptions options() {
  DetectionOptions o;
  o.blocks = {60s, 4, 24};
  o.warm_up = 0s;
  o.cold_start_span = 0s;
  o.signals = {{Signal::kGoroutines, 50, 0.2, 10s},
               {Signal::kLiveHeap, 32 * kMiB, 0.1, 20s},
               {Signal::kOpenFds, 32, 0.2, 10s},
               {Signal::kAnonMemory, 64 * kMiB, 0.1, 10s}};
  return o;
}

// Two hours, a sample each ten seconds; returns the roots among the alerts, as first found.
template <class Fill>
std::vector<Finding> findings_of(Fill fill) {
  ProcessJudge judge(options(), ProcessInfo{});
  std::vector<Finding> found;
  std::set<std::string> told;
  for (int i = 0; i < 720; ++i) {
    Sample sample{1, kStart + i * 10s, i * 10s, {}};
    fill(i / 360.0, sample.values);
    for (const Judgement& judgement : judge.observe(sample)) {
      if (judgement.finding && judgement.finding->grade == Grade::kAlert &&
          judgement.finding->root.empty() && told.insert(judgement.detector).second) {
        found.push_back(*judgement.finding);
      }
    }
  }
  return found;
}

TEST(GrowthDetector, NamesTheGoroutinesThatLeak) {
  const auto found = findings_of([](double h, MetricValues& v) {
    v.set(Metric::kGoroutines, std::floor(20 + 500 * h));
    v.set(Metric::kOpenFds, 12);
  });
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].detector, "goroutine_growth");
  EXPECT_EQ(found[0].metric, Metric::kGoroutines);
  EXPECT_NEAR(found[0].slope_per_hour, 500, 5);
  EXPECT_LE(found[0].slope_low, 500);
  EXPECT_GE(found[0].slope_high, 499);
  EXPECT_NE(found[0].summary.find("goroutines grew from"), std::string::npos);
}

TEST(GrowthDetector, SeesFdsPileUp) {
  const auto found = findings_of(
      [](double h, MetricValues& v) { v.set(Metric::kOpenFds, std::floor(12 + 200 * h)); });
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].detector, "fd_growth");
}

// A sawtooth between collections; `live` is what survives them.
void go_heap(double live, double h, MetricValues& v) {
  const double tooth = h * 50 - std::floor(h * 50);
  v.set(Metric::kHeapAllocBytes, live * (1 + tooth));
  v.set(Metric::kNextGcBytes, 2 * live + kMiB);
  v.set(Metric::kStackInuseBytes, kMiB);
  v.set(Metric::kRssAnonBytes, 2 * live + 10 * kMiB);
}

TEST(GrowthDetector, SeesTheLiveHeapUnderItsSawtoothAndSaysItOnce) {
  const auto found =
      findings_of([](double h, MetricValues& v) { go_heap((50 + 100 * h) * kMiB, h, v); });
  ASSERT_EQ(found.size(), 1U);  // and not the anonymous memory as well
  EXPECT_EQ(found[0].detector, "live_heap_growth");
  EXPECT_NEAR(found[0].slope_per_hour / kMiB, 100, 10);
}

TEST(GrowthDetector, IsQuietOnASteadyHeap) {
  EXPECT_TRUE(findings_of([](double h, MetricValues& v) { go_heap(50 * kMiB, h, v); }).empty());
}

TEST(GrowthDetector, WatchesAnonymousMemoryWhereThereIsNoGoHeap) {
  const auto found = findings_of(
      [](double h, MetricValues& v) { v.set(Metric::kRssAnonBytes, (80 + 200 * h) * kMiB); });
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].detector, "anon_memory_growth");
}

TEST(GrowthDetector, PassesOverMissingValues) {
  EXPECT_TRUE(findings_of([](double, MetricValues&) {}).empty());
}

TEST(LiveHeap, ComesFromTheGoalOfTheCollector) {
  MetricValues v;
  v.set(Metric::kHeapAllocBytes, 70 * kMiB);
  v.set(Metric::kNextGcBytes, 102 * kMiB);
  v.set(Metric::kStackInuseBytes, 2 * kMiB);
  EXPECT_DOUBLE_EQ(SignalReader(Signal::kLiveHeap, {}).read(v)->value, 50 * kMiB);
  EXPECT_DOUBLE_EQ(SignalReader(Signal::kLiveHeap, {}).read(v)->companion, 70 * kMiB);
  EXPECT_DOUBLE_EQ(SignalReader(Signal::kLiveHeap, {0.5, false, {}}).read(v)->value,
                   (102 - 1) * kMiB / 1.5);
}

TEST(LiveHeap, FallsBackToTheFloorWhereTheGoalSaysNothing) {
  MetricValues v;
  v.set(Metric::kHeapAllocBytes, 3 * kMiB);
  v.set(Metric::kNextGcBytes, 4 * kMiB);
  EXPECT_DOUBLE_EQ(SignalReader(Signal::kLiveHeap, {}).read(v)->value,
                   3 * kMiB);  // the minimum goal
  v.set(Metric::kNextGcBytes, 400 * kMiB);
  EXPECT_DOUBLE_EQ(SignalReader(Signal::kLiveHeap, {1, true, {}}).read(v)->value, 3 * kMiB);
  EXPECT_DOUBLE_EQ(SignalReader(Signal::kLiveHeap, {1, false, 450 * kMiB}).read(v)->value,
                   3 * kMiB);
  v.set(Metric::kNextGcBytes, 18446744073709551615.0);  // debug.SetGCPercent(-1)
  EXPECT_DOUBLE_EQ(SignalReader(Signal::kLiveHeap, {}).read(v)->value, 3 * kMiB);
  v.clear(Metric::kHeapAllocBytes);
  EXPECT_FALSE(SignalReader(Signal::kLiveHeap, {}).read(v));
}

// With GOGC=off the heap rises between collections for hours; only what one leaves counts.
TEST(LiveHeap, IsReadJustAfterACollectionWhereTheGoalSaysNothing) {
  SignalReader reader(Signal::kLiveHeap, {1, true, 1024 * kMiB});
  MetricValues v;
  const auto read = [&](double alloc, double cycles) {
    v.set(Metric::kHeapAllocBytes, alloc);
    v.set(Metric::kGcCyclesTotal, cycles);
    return reader.read(v);
  };
  EXPECT_FALSE(read(100 * kMiB, 3));  // no collection seen yet
  EXPECT_FALSE(read(500 * kMiB, 3));
  EXPECT_DOUBLE_EQ(read(90 * kMiB, 4)->value, 90 * kMiB);
  EXPECT_DOUBLE_EQ(read(800 * kMiB, 4)->value, 90 * kMiB);
  EXPECT_DOUBLE_EQ(read(110 * kMiB, 5)->value, 110 * kMiB);
}

TEST(LoadMeter, IsTheRateOfBytesAllocatedOrElseOfProcessorTime) {
  const auto at = [](int second, Metric metric, double count) {
    Sample sample{1, kStart + second * 1s, second * 1s, {}};
    sample.values.set(metric, count);
    return sample;
  };
  LoadMeter meter;
  EXPECT_TRUE(std::isnan(meter.observe(at(0, Metric::kCpuSecondsTotal, 4))));
  EXPECT_DOUBLE_EQ(meter.observe(at(10, Metric::kCpuSecondsTotal, 9)), 0.5);
  EXPECT_TRUE(std::isnan(meter.observe(at(20, Metric::kAllocBytesTotal, 1000))));
  EXPECT_DOUBLE_EQ(meter.observe(at(30, Metric::kAllocBytesTotal, 2000)), 100);
  EXPECT_DOUBLE_EQ(meter.observe(at(35, Metric::kCpuSecondsTotal, 99)), 100);   // not its counter
  EXPECT_DOUBLE_EQ(meter.observe(at(40, Metric::kAllocBytesTotal, 500)), 100);  // stepped back
}

}  // namespace
}  // namespace soakwatch
