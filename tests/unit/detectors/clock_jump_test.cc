// Wall clocks that jump, machines that slept and daemons that stood still in the middle of a
// series: a leak is found all the same, and what is steady stays quiet.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "detectors/process_judge.h"

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

constexpr double kMiB = 1024.0 * 1024;
constexpr int kSamplesPerHour = 360;
const WallTime kStart = from_unix_ms(1795164000000);

DetectionOptions options() {
  DetectionOptions o;
  o.blocks = {60s, 6, 24};
  o.warm_up = 0s;
  o.cold_start_span = 0s;
  o.signals = {{Signal::kGoroutines, 50, 0.2, 10s},
               {Signal::kLiveHeap, 32 * kMiB, 0.1, 10s},
               {Signal::kOpenFds, 32, 0.2, 10s},
               {Signal::kAnonMemory, 64 * kMiB, 0.1, 10s}};
  o.cpu_doubling = true;
  o.gc_pressure = true;
  return o;
}

// By the hours that the process has worked, which stand still while the machine sleeps.
using Shape = std::function<double(double hours)>;
// What is added to each clock, by the number of the sample.
using Shift = std::function<milliseconds(int sample)>;

milliseconds none(int) { return 0ms; }

// At the middle of the series.
Shift from_the_middle(milliseconds by) {
  return [by](int sample) { return sample < 3 * kSamplesPerHour / 2 ? 0ms : by; };
}

// A clock that is set ahead and back by hours, a year, a minute, every few minutes.
milliseconds restless(int sample) {
  static const std::vector<milliseconds> kSteps{1h, -1h, 24h * 365, -24h * 365, 1min, -1min, 0ms};
  return kSteps[static_cast<std::size_t>(sample / 17) % kSteps.size()];
}

struct Told {
  int sample;
  std::string detector;
  bool holds;
  double base;
  double current;
  double slope;
  std::string root;
  friend bool operator==(const Told&, const Told&) = default;
};

struct Outcome {
  std::vector<Told> told;  // all, in order
  std::map<std::string, Finding> held;
  std::vector<Finding> alerts;  // each finding of grade alert
};

Outcome run(const Shape& goroutines, const Shift& wall = none, const Shift& monotonic = none) {
  ProcessJudge judge(options(), {});
  Outcome outcome;
  for (int i = 0; i < 3 * kSamplesPerHour; ++i) {
    const double h = static_cast<double>(i) / kSamplesPerHour;
    Sample sample{1, kStart + i * 10s + wall(i), i * 10s + monotonic(i), {}};
    MetricValues& v = sample.values;
    const double tooth = h * 50 - std::floor(h * 50);
    const double count = std::floor(goroutines(h));
    v.set(Metric::kGoroutines, count);
    v.set(Metric::kOpenFds, 20 + std::floor(3 * tooth));
    v.set(Metric::kHeapAllocBytes, 60 * kMiB * (1 + 0.9 * tooth));
    v.set(Metric::kNextGcBytes, 120 * kMiB);
    v.set(Metric::kRssAnonBytes, 150 * kMiB + count * 4096);
    v.set(Metric::kCpuSecondsTotal, i * 2.0 + tooth);
    v.set(Metric::kGcCyclesTotal, std::floor(h * 50));
    for (const Judgement& judgement : judge.observe(sample)) {
      outcome.held.erase(judgement.detector);
      Told told{i, judgement.detector, judgement.finding.has_value(), 0, 0, 0, {}};
      if (const auto& finding = judgement.finding) {
        outcome.held.emplace(judgement.detector, *finding);
        told.base = finding->base;
        told.current = finding->current;
        told.slope = finding->slope_per_hour;
        told.root = finding->root;
        if (finding->grade == Grade::kAlert) outcome.alerts.push_back(*finding);
      }
      outcome.told.push_back(std::move(told));
    }
  }
  return outcome;
}

double steady(double h) { return 40 + 3 * std::sin(40 * h); }
double leaking(double h) { return 40 + 500 * h + 3 * std::sin(40 * h); }

struct Disturbance {
  const char* name;
  Shift wall;
  Shift monotonic;
};

std::vector<Disturbance> disturbances() {
  return {
      {"restless wall clock", restless, none},
      {"an hour ahead", from_the_middle(1h), none},
      {"an hour back", from_the_middle(-1h), none},
      {"a year back", from_the_middle(-24h * 365), none},
      // The monotonic clock stands still in a suspend, the wall clock goes on.
      {"a night of suspend", from_the_middle(9h), none},
      // A daemon that was stopped, or a machine that stood still: both clocks go on.
      {"nine hours without rounds", from_the_middle(9h), from_the_middle(9h)},
      {"ten minutes without rounds", from_the_middle(10min), from_the_middle(10min)},
  };
}

TEST(ClockJump, ASteadyProcessIsQuiet) {
  for (const Disturbance& d : disturbances()) {
    EXPECT_TRUE(run(steady, d.wall, d.monotonic).held.empty()) << d.name;
    EXPECT_TRUE(run(steady, d.wall, d.monotonic).alerts.empty()) << d.name;
  }
}

TEST(ClockJump, ALeakIsFoundAllTheSame) {
  for (const Disturbance& d : disturbances()) {
    const Outcome o = run(leaking, d.wall, d.monotonic);
    ASSERT_TRUE(o.held.contains("goroutine_growth")) << d.name;
    EXPECT_EQ(o.held.at("goroutine_growth").grade, Grade::kAlert) << d.name;
  }
}

// The wall clock is only shown: it changes no judgement, neither when it is made nor its figures.
TEST(ClockJump, TheWallClockChangesNoJudgement) {
  for (const Shape& shape : {Shape(steady), Shape(leaking)}) {
    const Outcome calm = run(shape);
    EXPECT_EQ(run(shape, restless).told, calm.told);
    EXPECT_EQ(run(shape, from_the_middle(-24h * 365)).told, calm.told);
    EXPECT_EQ(run(shape, from_the_middle(9h)).told, calm.told);
  }
}

// Before the sleep and after it the program works at other levels, which is no growth.
TEST(ClockJump, AnotherLevelAfterASuspendIsNoLeak) {
  const auto wakes = [](double h) { return steady(h) + (h < 1.5 ? 0 : 60); };
  for (const Disturbance& d : disturbances()) {
    EXPECT_TRUE(run(wakes, d.wall, d.monotonic).alerts.empty()) << d.name;
  }
}

// All timers fire at once when a machine wakes.
TEST(ClockJump, TheCrowdAtTheWakingIsNoLeak) {
  const auto crowd = [](double h) { return steady(h) + (h >= 1.5 && h < 1.6 ? 3000 : 0); };
  for (const Disturbance& d : disturbances()) {
    EXPECT_TRUE(run(crowd, d.wall, d.monotonic).alerts.empty()) << d.name;
  }
}

// The figures of a leak do not count the sleep as time in which it grew.
TEST(ClockJump, TheSlopeLeavesTheSuspendOut) {
  const Outcome o = run(leaking, from_the_middle(9h), none);
  ASSERT_FALSE(o.alerts.empty());
  const Finding& last = o.held.at("goroutine_growth");
  EXPECT_NEAR(last.slope_per_hour, 500, 50);
}

}  // namespace
}  // namespace soakwatch
