#include "detectors/sensitivity.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "detectors/rank_tests.h"
#include "detectors/theil_sen.h"

namespace soakwatch {
namespace {

constexpr int kBlocks = 24;
constexpr double kSize = 4;

// A stand-in for the gates of FloorTrend: size, and order at one in a million.
bool passes(std::span<const double> minima, std::span<const double>) {
  const double growth = median(minima.last(3)) - median(minima.first(3));
  static const int kAllowed = kendall_critical(kBlocks, 1e-6);
  return growth >= kSize && discordant_pairs(minima) <= kAllowed;
}

// Blocks of half an hour with AR(1) noise on a ramp.
struct Noise {
  double deviation = 1;
  double memory = 0;  // correlation of neighbours
};
std::vector<BlockOfWindow> window(const Noise& noise, double slope, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  double x = normal(random);
  std::vector<BlockOfWindow> blocks;
  for (int i = 0; i < kBlocks; ++i) {
    const double hours = i * 0.5;
    const double value = 100 + slope * hours + noise.deviation * x;
    blocks.push_back({hours, value, value + 1});
    x = noise.memory * x + std::sqrt(1 - noise.memory * noise.memory) * normal(random);
  }
  return blocks;
}

bool found(const std::vector<BlockOfWindow>& blocks) {
  std::vector<double> minima;
  for (const BlockOfWindow& block : blocks) minima.push_back(block.minimum);
  return passes(minima, {});
}

std::optional<double> smallest(const std::vector<BlockOfWindow>& blocks, double bound = 100) {
  return smallest_detected_slope(blocks, 0, passes, 0.9, bound);
}

TEST(Sensitivity, OfAConstantSeriesIsTheSizeThatMatters) {
  std::mt19937_64 random(1);
  const auto slope = smallest(window({0, 0}, 0, random));
  ASSERT_TRUE(slope);
  // From the second block to the last but one: 10.5 hours.
  EXPECT_GE(*slope, kSize / 10.5);
  EXPECT_LE(*slope, 1.1 * kSize / 10.5);
}

TEST(Sensitivity, DoesNotDependOnAGrowthThatIsThere) {
  std::mt19937_64 random(1);
  const auto level = smallest(window({0, 0}, 0, random));
  EXPECT_EQ(smallest(window({0, 0}, 7, random)), level);
}

TEST(Sensitivity, IsLessUnderMoreNoise) {
  double last = 0;
  for (const double deviation : {0.5, 2.0, 8.0}) {
    std::mt19937_64 random(5);
    const auto slope = smallest(window({deviation, 0.3}, 0, random));
    ASSERT_TRUE(slope);
    EXPECT_GT(*slope, last);
    last = *slope;
  }
}

TEST(Sensitivity, IsNoneWhereNoSlopeUpToTheBoundIsFound) {
  std::mt19937_64 random(5);
  EXPECT_FALSE(smallest(window({50, 0}, 0, random), 2));
  EXPECT_FALSE(smallest({}));
  EXPECT_FALSE(smallest(window({1, 0}, 0, random), 0));
  EXPECT_FALSE(smallest(window({1, 0}, 0, random), std::nan("")));
}

TEST(Sensitivity, GivesTheGatesTheMeansAsWell) {
  std::mt19937_64 random(5);
  bool same = true;
  const auto slope = smallest_detected_slope(
      window({1, 0}, 0, random), 0,
      [&](std::span<const double> minima, std::span<const double> means) {
        for (int i = 0; i < kBlocks; ++i) {
          const auto at = static_cast<std::size_t>(i);
          same = same && std::fabs(means[at] - minima[at] - 1) < 1e-9;
        }
        return passes(minima, means);
      },
      0.9, 100);
  EXPECT_TRUE(slope);
  EXPECT_TRUE(same);
}

// Three steps over the window are growth to a size gate of three, but most blocks are ties.
TEST(Sensitivity, CountsTheTiesOfACoarseSeries) {
  std::mt19937_64 random(1);
  const auto blocks = window({0, 0}, 0, random);
  const auto fine = smallest_detected_slope(blocks, 0.01, passes, 0.9, 100);
  const auto coarse = smallest_detected_slope(blocks, 2, passes, 0.9, 100);
  ASSERT_TRUE(fine && coarse);
  EXPECT_GT(*coarse, 1.2 * *fine);
}

TEST(Sensitivity, TriesAFewHundredTimes) {
  std::mt19937_64 random(5);
  int calls = 0;
  const auto slope = smallest_detected_slope(
      window({1, 0.5}, 0, random), 0,
      [&](std::span<const double> minima, std::span<const double> means) {
        ++calls;
        return passes(minima, means);
      },
      0.9, 100);
  EXPECT_TRUE(slope);
  EXPECT_LE(calls, 432);
}

// What it claims, tried on noise that it has not seen: of ramps at the claimed slope most are
// found, at a quarter of it few.
class Claim : public testing::TestWithParam<Noise> {};

TEST_P(Claim, Holds) {
  int at_claim = 0;
  int at_quarter = 0;
  int draws = 0;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    std::mt19937_64 random(seed);
    const auto slope = smallest(window(GetParam(), 0, random));
    ASSERT_TRUE(slope);
    for (int draw = 0; draw < 20; ++draw, ++draws) {
      at_claim += found(window(GetParam(), *slope, random)) ? 1 : 0;
      at_quarter += found(window(GetParam(), *slope / 4, random)) ? 1 : 0;
    }
  }
  EXPECT_GE(at_claim, 0.85 * draws);
  EXPECT_LE(at_quarter, 0.25 * draws);
}

INSTANTIATE_TEST_SUITE_P(Noises, Claim,
                         testing::Values(Noise{0.3, 0}, Noise{3, 0}, Noise{3, 0.3}, Noise{3, 0.6},
                                         Noise{3, 0.8}));

}  // namespace
}  // namespace soakwatch
