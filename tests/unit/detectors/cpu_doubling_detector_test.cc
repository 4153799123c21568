#include "detectors/cpu_doubling_detector.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

const WallTime kStart = from_unix_ms(1795164000000);

// Metrics at an hour since the start; `cpu` is in cores.
struct Program {
  std::function<double(double)> cpu;
  std::function<double(double)> allocation = nullptr;
  std::function<double(double)> goroutines = nullptr;
  std::function<double(double)> fds = nullptr;
};

struct Outcome {
  std::optional<Finding> first;
  std::optional<Finding> last;
  double found_hour = 0;
  int judgements = 0;
  bool ended = false;
};

Outcome run(double hours, const Program& program, int step_seconds = 5) {
  CpuDoublingDetector detector({});
  Outcome outcome;
  double cpu = 40;
  double bytes = 1e9;
  for (int second = 0; second <= hours * 3600; second += step_seconds) {
    const double hour = second / 3600.0;
    Sample sample{1, kStart + second * 1s, 777s + second * 1s, {}};
    sample.values.set(Metric::kCpuSecondsTotal, std::floor(cpu * 100) / 100);  // ticks
    cpu += program.cpu(hour) * step_seconds;
    if (program.allocation) {
      if (second % 15 == 0) sample.values.set(Metric::kAllocBytesTotal, bytes);
      bytes += program.allocation(hour) * step_seconds;
    }
    if (program.goroutines) sample.values.set(Metric::kGoroutines, program.goroutines(hour));
    if (program.fds) sample.values.set(Metric::kOpenFds, program.fds(hour));
    const auto judgement = detector.observe(sample);
    if (!judgement) continue;
    ++outcome.judgements;
    outcome.ended = outcome.first && !judgement->finding;
    if (!judgement->finding) continue;
    if (!outcome.first) outcome.found_hour = hour;
    if (!outcome.first) outcome.first = judgement->finding;
    outcome.last = judgement->finding;
  }
  return outcome;
}

std::function<double(double)> doubles(double level, double at = 2) {
  return [=](double hour) { return hour < at ? level : 2 * level; };
}
std::function<double(double)> stays(double level) {
  return [=](double) { return level; };
}

TEST(CpuDoubling, SeesASecondPollChain) {
  const Outcome o =
      run(2.5, {doubles(0.04), doubles(2e6), [](double h) { return h < 2 ? 12 : 13; }, stays(9)});
  ASSERT_TRUE(o.first);
  EXPECT_NEAR(o.found_hour, 2 + 5 / 60.0, 1.5 / 60);
  EXPECT_EQ(o.first->detector, "cpu_doubling");
  EXPECT_EQ(o.first->metric, Metric::kCpuSecondsTotal);
  EXPECT_FALSE(o.first->is_leak);
  EXPECT_NEAR(o.first->base, 0.04, 0.001);
  EXPECT_NEAR(o.first->current, 0.08, 0.001);
  EXPECT_LE(std::abs((o.first->since - (kStart + 2h)) / 1s), 61);
  EXPECT_NE(o.first->summary.find("from 4.0 % to 8.0 % of a core"), std::string::npos);
  EXPECT_NE(o.first->summary.find("allocated rose in step"), std::string::npos);
}

TEST(CpuDoubling, KeepsItsWordsWhileItLasts) {
  const Outcome o = run(3, {doubles(0.04), doubles(2e6)});
  ASSERT_TRUE(o.last);
  EXPECT_FALSE(o.ended);
  EXPECT_EQ(o.last->summary, o.first->summary);
  EXPECT_EQ(o.last->since, o.first->since);
}

TEST(CpuDoubling, EndsAfterAnHour) {
  const Outcome o = run(4, {doubles(0.04)});
  ASSERT_TRUE(o.first);
  EXPECT_TRUE(o.ended);
}

TEST(CpuDoubling, TellsWorkFromSpinning) {
  const Outcome o = run(2.5, {doubles(0.04), stays(2e6)});
  ASSERT_TRUE(o.first);
  EXPECT_NE(o.first->summary.find("allocated did not rise"), std::string::npos);
}

TEST(CpuDoubling, SaysNothingOfAllocationsThatItCannotSee) {
  const Outcome o = run(2.5, {doubles(0.04)});
  ASSERT_TRUE(o.first);
  EXPECT_EQ(o.first->summary.find("allocated"), std::string::npos);
}

TEST(CpuDoubling, IsQuietOnASteadyProcess) {
  const Outcome o = run(6, {stays(0.04), stays(2e6), stays(12), stays(9)});
  EXPECT_FALSE(o.first);
  EXPECT_GT(o.judgements, 300);  // it looked
}

TEST(CpuDoubling, IsQuietWhereTwiceTheClientsCame) {
  EXPECT_FALSE(run(3, {doubles(0.4), doubles(2e7), stays(30), doubles(200)}).first);
  EXPECT_FALSE(run(3, {doubles(0.4), doubles(2e7), doubles(300), stays(30)}).first);
}

TEST(CpuDoubling, SpeaksWhereAFewMoreGoroutinesCameAlong) {
  EXPECT_TRUE(run(3, {doubles(0.04), nullptr, doubles(6), doubles(5)}).first);
}

TEST(CpuDoubling, IsQuietWhileTheProcessWarmsUp) {
  EXPECT_FALSE(run(3, {doubles(0.04, 0.55)}).first);
}

// Every five seconds the same job: seconds at 0 and at a tenth of a core.
TEST(CpuDoubling, IsQuietOnWorkInBeatsAtAnyInterval) {
  int second = 0;
  EXPECT_FALSE(run(3, {[&](double) { return second++ % 5 == 0 ? 0.2 : 0; }}, 1).first);
}

TEST(CpuDoubling, PassesOverMissingValues) {
  CpuDoublingDetector detector({});
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(detector.observe({1, kStart + i * 10s, i * 10s, {}}));
  }
}

}  // namespace
}  // namespace soakwatch
