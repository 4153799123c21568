#include "detectors/gc_pressure_detector.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

const WallTime kStart = from_unix_ms(1795164000000);

struct Outcome {
  std::optional<Finding> first;
  double found_minute = 0;
  std::optional<double> ended_minute;
  int judgements = 0;
};

// A Go program as its runtime counts: every `period` seconds a collection ends, and takes `share`
// of the time since the one before. It is watched from `watched` seconds of its life on, each 15 s.
struct Program {
  std::function<double(int)> share;
  int period = 3;
  bool counts_cycles = true;
};

Outcome run(int minutes, int watched, bool age_known, const Program& program) {
  const milliseconds origin = 5000s;  // of the monotonic clock, when the program started
  GcPressureDetector detector({}, age_known ? std::optional(origin) : std::nullopt);
  Outcome outcome;
  double collected = 0;
  double fraction = 0;
  double cycles = 0;
  for (int second = 1; second <= watched + minutes * 60; ++second) {
    if (second % program.period == 0) {
      collected += program.share((second - watched) / 60) * program.period;
      fraction = collected / second;
      ++cycles;
    }
    if (second < watched || second % 15 != 0) continue;
    Sample sample{1, kStart + second * 1s, origin + second * 1s, {}};
    sample.values.set(Metric::kGcCpuFraction, fraction);
    if (program.counts_cycles) sample.values.set(Metric::kGcCyclesTotal, cycles);
    const auto judgement = detector.observe(sample);
    if (!judgement) continue;
    ++outcome.judgements;
    const double minute = (second - watched) / 60.0;
    if (judgement->finding && !outcome.first) {
      outcome.first = judgement->finding;
      outcome.found_minute = minute;
    }
    if (outcome.first && !judgement->finding && !outcome.ended_minute) {
      outcome.ended_minute = minute;
    }
  }
  return outcome;
}

constexpr int kDay = 86400;

std::function<double(int)> rises(double from, double to, int at = 60) {
  return [=](int minute) { return minute < at ? from : to; };
}

TEST(GcPressure, SeesWhatTheAverageOfADayHides) {
  const Outcome o = run(90, kDay, true, {rises(0.01, 0.12)});
  ASSERT_TRUE(o.first);
  EXPECT_NEAR(o.found_minute, 65, 1.5);
  EXPECT_EQ(o.first->detector, "gc_pressure");
  EXPECT_EQ(o.first->metric, Metric::kGcCpuFraction);
  EXPECT_FALSE(o.first->is_leak);
  EXPECT_EQ(o.first->severity, Severity::kInfo);
  EXPECT_NEAR(o.first->current, 0.12, 0.01);
  EXPECT_LT(o.first->base, 0.02);  // the average
  EXPECT_FALSE(o.ended_minute);
}

TEST(GcPressure, IsQuietOnAnAverageOfLongAgo) {
  EXPECT_FALSE(run(90, kDay, true, {rises(0.12, 0.01, -60)}).first);
}

TEST(GcPressure, IsQuietOnAModestShare) {
  const Outcome o = run(120, 600, true, {rises(0.03, 0.03)});
  EXPECT_FALSE(o.first);
  EXPECT_GT(o.judgements, 100);
}

TEST(GcPressure, IsQuietOnABurst) {
  const auto burst = [](int minute) { return minute >= 60 && minute < 63 ? 0.25 : 0.01; };
  EXPECT_FALSE(run(120, kDay, true, {burst}).first);
}

TEST(GcPressure, EndsWithThePressure) {
  const Outcome o = run(120, 7200, true, {[](int m) { return m >= 30 && m < 60 ? 0.2 : 0.01; }});
  ASSERT_TRUE(o.ended_minute);
  EXPECT_NEAR(*o.ended_minute, 63, 1.5);
}

TEST(GcPressure, DoesNotEndAtEachTurnAroundTheShare) {
  const Outcome o = run(200, 7200, true, {[](int m) {
                          return m < 60 ? 0.08 : m % 10 < 5 ? 0.045 : 0.055;
                        }});
  EXPECT_TRUE(o.first);
  EXPECT_FALSE(o.ended_minute);
}

TEST(GcPressure, IsQuietOnTheStartOfAProgram) {
  EXPECT_FALSE(run(60, 0, true, {[](int minute) { return minute < 7 ? 0.2 : 0.01; }}).first);
}

// The fraction is read up to 15 s after the collection, and seems to step back.
TEST(GcPressure, EndsWhereRareCollectionsCostNothingAnyMore) {
  const Outcome o = run(120, 3600, true, {[](int m) { return m < 60 ? 0.2 : 0; }, 100});
  ASSERT_TRUE(o.ended_minute);
  EXPECT_NEAR(*o.ended_minute, 64, 3);
}

TEST(GcPressure, EndsWhenNothingIsCollectedAnyMore) {
  GcPressureDetector detector({}, 0s);
  std::optional<double> ended;
  bool found = false;
  for (int second = 15; second <= 3600; second += 15) {
    Sample sample{1, kStart + second * 1s, second * 1s, {}};
    sample.values.set(Metric::kGcCpuFraction, 0.2);
    sample.values.set(Metric::kGcCyclesTotal, std::min(second, 1800));
    const auto judgement = detector.observe(sample);
    if (judgement && judgement->finding) found = true;
    if (found && judgement && !judgement->finding && !ended) ended = second;
  }
  EXPECT_TRUE(found);
  ASSERT_TRUE(ended);
  EXPECT_NEAR(*ended, 2100, 30);
}

// A large heap: one collection in 100 s.
TEST(GcPressure, SeesItWhereCollectionsAreRare) {
  EXPECT_TRUE(run(90, 7200, true, {rises(0.01, 0.12), 100}).first);
  EXPECT_FALSE(run(90, 7200, true, {rises(0.01, 0.03), 100}).first);
}

TEST(GcPressure, DoesWithoutTheCounterOfCollections) {
  EXPECT_TRUE(run(90, 7200, true, {rises(0.01, 0.12), 3, false}).first);
  EXPECT_FALSE(run(90, 7200, true, {rises(0.01, 0.03), 3, false}).first);
}

// Without the age, what was before weighs in: never more than the present share or the average.
TEST(GcPressure, StaysBetweenTheAverageAndThePresentWhereTheAgeIsNotKnown) {
  EXPECT_FALSE(run(300, 7200, false, {rises(0.02, 0.04)}).first);
  const Outcome o = run(300, 7200, false, {rises(0.01, 0.2)});
  ASSERT_TRUE(o.first);
  EXPECT_LE(o.first->current, 0.2);
  EXPECT_TRUE(run(60, kDay, false, {rises(0.1, 0.1)}).first);
}

TEST(GcPressure, IsQuietOnValuesThatCannotBe) {
  GcPressureDetector detector({}, std::nullopt);
  for (int i = 0; i < 400; ++i) {
    Sample sample{1, kStart + i * 15s, i * 15s, {}};
    sample.values.set(Metric::kGcCpuFraction, i % 2 == 0 ? std::nan("") : 40.0 + i);
    EXPECT_FALSE(detector.observe(sample));
  }
}

}  // namespace
}  // namespace soakwatch
