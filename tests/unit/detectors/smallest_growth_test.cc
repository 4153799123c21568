// What a run says that it would have found, it finds: tried on fresh noise.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "detectors/floor_trend.h"

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

constexpr double kHours = 12;
constexpr int kRuns = 40;
const WallTime kStart = from_unix_ms(1795164000000);

FloorTrendOptions options() {
  FloorTrendOptions o;
  o.blocks = {60s, 10, 24};
  o.min_growth = 64;  // MB, of which the runs have 100
  o.min_growth_ratio = 0.1;
  o.quantum = 1e-6;
  return o;
}

// AR(1) noise of 3 % around 100 MB, with a correlation of so many minutes, on a ramp.
struct Watched {
  Watched(double slope_per_hour, double minutes, unsigned seed) : trend(options()) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal(0, 3);
    const double keep = minutes > 0 ? std::exp(-10 / (60 * minutes)) : 0;
    double noise = 0;
    for (int i = 0; i < kHours * 360; ++i) {
      noise = keep * noise + std::sqrt(1 - keep * keep) * normal(random);
      const double value = 100 + slope_per_hour * i / 360.0 + noise;
      const auto j = trend.add(i * 10s, kStart + i * 10s, value, std::nan(""));
      found = found || (j && j->grows);
    }
  }
  FloorTrend trend;
  bool found = false;
};

class SmallestGrowth : public ::testing::TestWithParam<double> {};

TEST_P(SmallestGrowth, IsFoundInFreshNoiseAndAQuarterOfItIsNot) {
  int claims = 0;
  int found = 0;
  int found_at_a_quarter = 0;
  for (unsigned seed = 0; seed < kRuns; ++seed) {
    const auto claim = Watched(0, GetParam(), seed).trend.smallest_growth(0.9);
    ASSERT_TRUE(claim.slope_per_hour);
    EXPECT_GE(claim.span, 6h);
    ++claims;
    found += Watched(*claim.slope_per_hour, GetParam(), 1000 + seed).found ? 1 : 0;
    found_at_a_quarter += Watched(*claim.slope_per_hour / 4, GetParam(), 1000 + seed).found ? 1 : 0;
  }
  RecordProperty("found_percent", 100 * found / claims);
  EXPECT_GE(found, 0.8 * claims);
  EXPECT_LE(found_at_a_quarter, 0.3 * claims);
}

INSTANTIATE_TEST_SUITE_P(CorrelationMinutes, SmallestGrowth, ::testing::Values(0.0, 1.0, 10.0));

}  // namespace
}  // namespace soakwatch
