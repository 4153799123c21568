// What FloorTrend sees over hours: small leaks, and growth that the work explains. In pairs.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <optional>
#include <random>

#include "detectors/floor_trend.h"

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

const WallTime kStart = from_unix_ms(1795164000000);

FloorTrendOptions options() {
  FloorTrendOptions o;
  o.blocks = {60s, 10, 24};
  o.min_growth = 64;  // MB
  o.min_growth_ratio = 0.1;
  o.quantum = 1e-6;
  return o;
}

// Hour of the first alarm.
std::optional<double> alarm(double hours, const std::function<double(double)>& value,
                            const std::function<double(double)>& load = nullptr) {
  FloorTrend trend(options());
  for (int i = 0; i * 10 <= hours * 3600; ++i) {
    const double h = i * 10 / 3600.0;
    const auto j =
        trend.add(i * 10s, kStart + i * 10s, value(h), std::nan(""), load ? load(h) : std::nan(""));
    if (j && j->grows) return h;
  }
  return std::nullopt;
}

std::function<double(double)> noise(double deviation, unsigned seed) {
  return [deviation, random = std::mt19937_64(seed)](double) mutable {
    return deviation * std::normal_distribution<double>()(random);
  };
}

TEST(Night, ALongWindowNeedsLessGrowth) {
  const auto at = alarm(12, [](double h) { return 400 + 6 * h; });
  ASSERT_TRUE(at);  // 64 take more than ten hours
  EXPECT_LT(*at, 7);
}

TEST(Night, ALongWindowStillNeedsAShareOfTheBase) {
  EXPECT_FALSE(alarm(24, [](double h) { return 400 + 0.5 * h; }));
}

TEST(Night, FindsOneMegabyteAnHourUnderNoise) {
  int found = 0;
  for (unsigned seed = 1; seed <= 10; ++seed) {
    auto n = noise(3, seed);
    found += alarm(12, [&](double h) { return 100 + h + n(h); }) ? 1 : 0;
  }
  EXPECT_GE(found, 9);
}

TEST(Night, WhatGrowsOnUnderNoiseStaysFound) {
  int plateaus = 0;
  int ends = 0;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    auto n = noise(6, seed);
    FloorTrend trend(options());
    bool found = false;
    for (int i = 0; i <= 48 * 360; ++i) {
      const double h = i / 360.0;
      const double coarse = i % 3 == 0 ? 4 * n(h) : n(h);
      const auto j = trend.add(i * 10s, kStart + i * 10s, 200 + h + coarse, std::nan(""));
      if (!j) continue;
      if (found && !j->grows) ++ends;
      found = j->grows;
      plateaus += found && j->phase == Phase::kPlateau ? 1 : 0;
    }
  }
  EXPECT_EQ(plateaus, 0);
  EXPECT_LT(ends, 20);  // a suspicion may lapse
}

TEST(Night, IsQuietOnTheSameNoiseAlone) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    auto n = noise(3, seed);
    EXPECT_FALSE(alarm(24, [&](double h) { return 100 + n(h); })) << seed;
  }
}

TEST(Night, IsQuietOnWalksOfTheSameSizeUnderTheSameNoise) {
  int alarms = 0;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    auto n = noise(3, seed);
    auto step = noise(3 / std::sqrt(360.0), seed + 100);  // 3 in an hour
    double walk = 100;
    alarms += alarm(24, [&](double h) { return (walk += step(h)) + n(h); }) ? 1 : 0;
  }
  EXPECT_LE(alarms, 2);
}

double ramp(double h) { return 400 * (1 + std::min(1.0, std::max(0.0, h - 3) / 4)); }

TEST(LoadGate, StopsGrowthInProportionToWork) {
  ASSERT_TRUE(alarm(8, ramp));
  EXPECT_FALSE(alarm(24, ramp, ramp));
}

TEST(LoadGate, LetsALeakThroughUnderSteadyAndUnderRestlessWork) {
  EXPECT_TRUE(alarm(8, ramp, [](double) { return 5.0; }));
  auto n = noise(0.5, 4);
  EXPECT_TRUE(alarm(8, ramp, [&](double h) { return 5 * std::exp(n(h)); }));
}

TEST(LoadGate, LetsALeakThroughThatWorksALittle) {
  EXPECT_TRUE(alarm(8, ramp, [](double h) { return 5 * (1 + 0.5 * (ramp(h) / 400 - 1)); }));
}

}  // namespace
}  // namespace soakwatch
