// Pairs: each gate has the series that only it stops, and the leak that it must let through.
#include "detectors/floor_trend.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "detectors/floor_gates.h"

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

const WallTime kStart = from_unix_ms(1795164000000);
const double kNone = std::nan("");

FloorTrendOptions options() {
  FloorTrendOptions o;
  o.blocks = {60s, 4, 24};
  o.warm_up = 0s;
  o.cold_start_span = 0s;
  o.min_growth = 50;
  o.min_growth_ratio = 0.2;
  return o;
}

struct Outcome {
  int alarms = 0;  // judgements that say "grows"
  std::optional<FloorJudgement> first;
  double first_hour = 0;
  std::optional<FloorJudgement> last;
};

// Feeds value(hours) each ten seconds.
Outcome feed(const FloorTrendOptions& o, double hours, const std::function<double(double)>& value,
             const std::function<double(double)>& companion = nullptr,
             const std::function<double(double)>& load = nullptr) {
  FloorTrend trend(o);
  Outcome run;
  for (int i = 0; i * 10 <= hours * 3600; ++i) {
    const double h = i * 10 / 3600.0;
    const auto j = trend.add(i * 10s, kStart + i * 10s, value(h), companion ? companion(h) : kNone,
                             load ? load(h) : kNone);
    if (!j) continue;
    run.last = j;
    if (!j->grows) continue;
    if (run.alarms++ == 0) {
      run.first = j;
      run.first_hour = h;
    }
  }
  return run;
}

bool passed(const FloorJudgement& j, const std::string& gate) {
  for (const Gate& g : j.gates) {
    if (g.name == gate) return g.passed;
  }
  ADD_FAILURE() << "no gate " << gate;
  return false;
}

TEST(FloorTrend, FindsASteadyLeakWithinTheFirstWindow) {
  const Outcome run = feed(options(), 1, [](double h) { return 100 + 600 * h; });
  ASSERT_GT(run.alarms, 0);
  EXPECT_LT(run.first_hour, 0.45);
  EXPECT_NEAR(run.first->slope_per_hour.value, 600, 1);
  EXPECT_EQ(run.first->since, kStart);
  EXPECT_EQ(run.first->span, 24min);
}

TEST(FloorTrend, IsQuietOnAConstantAndOnNoise) {
  EXPECT_EQ(feed(options(), 12, [](double) { return 100.0; }).alarms, 0);
  std::mt19937_64 random(1);
  std::normal_distribution<double> noise(1000, 200);
  EXPECT_EQ(feed(options(), 48, [&](double) { return noise(random); }).alarms, 0);
}

TEST(FloorTrend, SizeGateStopsGrowthThatDoesNotMatter) {
  const Outcome small = feed(options(), 3, [](double h) { return 100 + 10 * h; });
  EXPECT_EQ(small.alarms, 0);
  EXPECT_FALSE(passed(*small.last, "size"));
  EXPECT_GT(feed(options(), 3, [](double h) { return 100 + 100 * h; }).alarms, 0);
}

TEST(FloorTrend, OrderGateStopsAJump) {
  // One step up: the medians at the ends differ, yet most pairs are ties.
  EXPECT_EQ(feed(options(), 2, [](double h) { return h < 0.5 ? 100 : 400; }).alarms, 0);
}

TEST(FloorTrend, LevellingOffGateStopsACacheThatFills) {
  EXPECT_EQ(
      feed(options(), 6, [](double h) { return 100 + 400 * (1 - std::exp(-h / 0.15)); }).alarms, 0);
}

TEST(FloorTrend, WalkGateStopsDriftlessWalks) {
  // Twenty walks of a day. The gate admits one window in a thousand, and a day has many windows
  // that overlap: a few may pass, but most of those that look like growth must be stopped by this
  // gate alone.
  int stopped_by_walk_only = 0;
  int days_with_alarm = 0;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> step(0, 12);
    double level = 2000;
    FloorTrendOptions any_growth = options();
    any_growth.min_growth_ratio = 0;
    FloorTrend trend(any_growth);
    bool alarm = false;
    bool stopped = false;
    for (int i = 0; i <= 8640; ++i) {
      const auto j = trend.add(i * 10s, kStart + i * 10s, level += step(random), kNone);
      if (!j) continue;
      alarm |= j->grows;
      std::vector<std::string> failed;
      for (const Gate& g : j->gates) {
        if (!g.passed) failed.push_back(g.name);
      }
      stopped |= failed == std::vector<std::string>{"walk"};
    }
    days_with_alarm += alarm ? 1 : 0;
    stopped_by_walk_only += stopped ? 1 : 0;
  }
  EXPECT_GE(stopped_by_walk_only, 10);
  EXPECT_LT(2 * days_with_alarm, stopped_by_walk_only);
}

TEST(FloorTrend, HighWaterGateStopsASeasonAfterItsFirstCycle) {
  const auto season = [](double h) { return 1000 - 600 * std::cos(2 * M_PI * h / 4); };
  const auto run_after = [&](double from) {
    FloorTrend trend(options());
    int alarms = 0;
    for (int i = 0; i * 10 <= 24 * 3600; ++i) {
      const double h = i * 10 / 3600.0;
      const auto j = trend.add(i * 10s, kStart + i * 10s, season(h), kNone);
      if (j && j->grows && h > from) ++alarms;
    }
    return alarms;
  };
  EXPECT_EQ(run_after(6), 0);
}

TEST(FloorTrend, ColdStartGateWaitsForYoungProcesses) {
  FloorTrendOptions o = options();
  o.cold_start_span = 2h;
  const Outcome young = feed(o, 1, [](double h) { return 100 + 600 * h; });
  EXPECT_EQ(young.alarms, 0);
  // Calm first, then the same growth: nothing to wait for.
  const Outcome calm = feed(o, 3, [](double h) { return 100 + (h < 2 ? 0 : 600 * (h - 2)); });
  EXPECT_GT(calm.alarms, 0);
  // From the start on, for long enough.
  const Outcome lasting = feed(o, 7, [](double h) { return 100 + 600 * h; });
  ASSERT_GT(lasting.alarms, 0);
  EXPECT_GE(lasting.first->span, 2h);
}

TEST(FloorTrend, WarmUpIsLeftOut) {
  FloorTrendOptions o = options();
  o.warm_up = 10min;
  const Outcome run = feed(o, 1, [](double h) { return h < 0.16 ? 6000 * h : 1000.0; });
  EXPECT_EQ(run.alarms, 0);
}

TEST(FloorTrend, AgreementGateAsksTheSecondSeries) {
  const auto leak = [](double h) { return 100 + 600 * h; };
  EXPECT_EQ(feed(options(), 1, leak, [](double) { return 50.0; }).alarms, 0);
  EXPECT_GT(feed(options(), 1, leak, leak).alarms, 0);
}

TEST(FloorTrend, LoadGateStopsGrowthThatTheWorkExplains) {
  const auto grows = [](double h) { return 100 + 600 * h; };
  const auto work = [](double h) { return 10 + 60 * h; };
  EXPECT_EQ(feed(options(), 1, grows, nullptr, work).alarms, 0);
  EXPECT_GT(feed(options(), 1, grows, nullptr, [](double) { return 10.0; }).alarms, 0);
  // More than half as much again as the work.
  EXPECT_GT(feed(options(), 1, grows, nullptr, [](double h) { return 10 + 12 * h; }).alarms, 0);
}

TEST(FloorTrend, SeesALeakUnderBurstsAndASawtooth) {
  const Outcome run = feed(options(), 3, [](double h) {
    const double tooth = 300 * (h * 30 - std::floor(h * 30));
    const double burst = std::fmod(h, 0.5) < 0.02 ? 5000 : 0;
    return 500 + 300 * h + tooth + burst;
  });
  EXPECT_GT(run.alarms, 0);
}

TEST(FloorTrend, EndsWhenTheFloorFallsBack) {
  const Outcome released = feed(options(), 3, [](double h) { return h < 1 ? 100 + 600 * h : 100; });
  EXPECT_GT(released.alarms, 0);
  EXPECT_FALSE(released.last->grows);
  const Outcome going_on = feed(options(), 4, [](double h) { return 100 + 600 * h; });
  EXPECT_TRUE(going_on.last->grows);
  EXPECT_EQ(going_on.last->phase, Phase::kGrowing);
}

TEST(FloorTrend, WhatStopsGrowingIsAPlateauUntilItIsGivenBack) {
  const auto course = [](double h) { return h < 4 ? 100 + 600 * std::min(h, 1.0) : 120; };
  const Outcome flat = feed(options(), 3.9, course);
  ASSERT_TRUE(flat.last->grows);
  EXPECT_EQ(flat.last->phase, Phase::kPlateau);
  EXPECT_FALSE(feed(options(), 5, course).last->grows);
}

TEST(FloorTrend, APlateauGrowsAgainAfterHalfAsMuchMore) {
  const auto course = [](double more) {
    return [more](double h) {
      return 100 + 600 * std::min(h, 1.0) + std::clamp(more * (h - 3), 0.0, more);
    };
  };
  EXPECT_EQ(feed(options(), 3.95, course(250)).last->phase, Phase::kPlateau);
  EXPECT_EQ(feed(options(), 3.95, course(400)).last->phase, Phase::kGrowing);
}

// Rises by 232 on 1000 within 24 blocks, with four falling steps in a row: 22 of the 276 ranks, and
// no line.
double drifting(double minute) {
  constexpr std::array kSteps{12, 9,  20, 15, 3,  23, 10, 17, 2,  21, -4, -5,
                              -6, -7, 13, 1,  22, 8,  18, 11, 19, 14, 16};
  double level = 1000;
  const auto n = kSteps.size() + 1;
  for (std::size_t block = 1; block <= static_cast<std::size_t>(minute); ++block) {
    level += block % n == 0 ? 12 : kSteps[block % n - 1];
  }
  return level;
}

TEST(FloorTrend, GrowthThatDriftsIsASuspicionUntilItIsFoundAgain) {
  const auto seen_until = [](double minutes) {
    return feed(options(), minutes / 60, [](double h) { return drifting(h * 60 + 1e-6); });
  };
  const Outcome first = seen_until(25);
  ASSERT_GT(first.alarms, 0);
  EXPECT_EQ(first.last->grade, Grade::kSuspect);
  EXPECT_FALSE(passed(*first.last, "certainty"));
  const Outcome again = seen_until(49);
  ASSERT_TRUE(again.last->grows);
  EXPECT_EQ(again.last->grade, Grade::kAlert);
  EXPECT_TRUE(passed(*again.last, "certainty"));
}

// A suspicion of the blocks of eight minutes becomes certain by those of one minute.
TEST(FloorTrend, AnAlertIsSaidAsSoonAsAnotherLevelIsCertain) {
  FloorTrend trend(options());
  const auto value = [](double minute) {
    const double slow = drifting(std::min(minute, 196.0) / 8 + 1e-6);
    return slow + std::max(0.0, minute - 196) * 40;
  };
  std::optional<double> suspected;
  std::optional<double> certain;
  for (int i = 0; i <= 6 * 240; ++i) {
    const double minute = i / 6.0;
    const auto j = trend.add(i * 10s, kStart + i * 10s, value(minute), kNone);
    if (!j || !j->grows) continue;
    if (!suspected) suspected = minute;
    if (certain || j->grade != Grade::kAlert) continue;
    certain = minute;
    EXPECT_EQ(j->base, 1012);  // of the growth that was suspected
    EXPECT_EQ(j->since, kStart);
    EXPECT_TRUE(passed(*j, "certainty"));
  }
  EXPECT_EQ(suspected, 192);
  ASSERT_TRUE(certain);
  EXPECT_LT(*certain, 216);  // the next block of eight minutes after it
  EXPECT_NE(std::fmod(*certain, 8), 0);
}

TEST(FloorTrend, ASuspicionThatStopsGrowingIsOver) {
  const Outcome run =
      feed(options(), 2, [](double h) { return drifting(std::min(h * 60 + 1e-6, 24.0)); });
  ASSERT_GT(run.alarms, 0);
  EXPECT_EQ(run.first->grade, Grade::kSuspect);
  EXPECT_FALSE(run.last->grows);
}

TEST(FloorTrend, NoiseOnALineIsAnAlertAtOnce) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> noise(0, 12);
  const Outcome run =
      feed(options(), 1, [&](double h) { return 1000 + 500 * h + std::fabs(noise(random)); });
  ASSERT_GT(run.alarms, 0);
  EXPECT_EQ(run.first->grade, Grade::kAlert);
}

TEST(FloorTrend, KnowsWindowsThatCanFindNothing) {
  FloorTrendOptions o = options();
  EXPECT_TRUE(can_find_growth(o));
  o.blocks.window = 16;
  EXPECT_TRUE(can_find_growth(o));
  o.blocks.window = 12;
  EXPECT_FALSE(can_find_growth(o));
  o.blocks.window = 16;
  o.false_alarms_per_day = 1e-9;
  EXPECT_FALSE(can_find_growth(o));
}

TEST(FloorTrend, IsDeterministic) {
  const auto value = [](double h) { return 100 + 600 * h + 50 * std::sin(40 * h); };
  EXPECT_EQ(feed(options(), 3, value).first_hour, feed(options(), 3, value).first_hour);
  EXPECT_EQ(feed(options(), 3, value).alarms, feed(options(), 3, value).alarms);
}

}  // namespace
}  // namespace soakwatch
