#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "cli/compare/run_judgement.h"

namespace soakwatch {
namespace {

constexpr RunSize kSize{32, 0.2, 0.5};

// Ninety-six blocks over eight hours; `noise` lies above the floor, as load does.
std::vector<Point> run(const std::function<double(double)>& floor, double noise = 4,
                       unsigned seed = 1, int blocks = 96, double hours = 8) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> above(0, noise);
  std::vector<Point> points;
  for (int i = 0; i < blocks; ++i) {
    const double hour = i * hours / blocks;
    points.push_back({hour, floor(hour) + above(random)});
  }
  return points;
}

RunCourse course(const std::vector<Point>& points, bool alerted = false) {
  const auto found = course_of(points, kSize, alerted);
  EXPECT_TRUE(found);
  return found.value_or(RunCourse{});
}

double flat(double) { return 100; }
std::function<double(double)> rising(double per_hour) {
  return [per_hour](double hour) { return 100 + per_hour * hour; };
}

Difference difference(const std::vector<Point>& a, const std::vector<Point>& b) {
  return compare_courses(course(a), course(b), kSize).difference;
}

TEST(CompareRuns, ALeakInBAlone) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    EXPECT_EQ(difference(run(flat, 4, seed), run(rising(10), 4, seed + 100)),
              Difference::kGrowsInB);
  }
  const auto result = compare_courses(course(run(flat)), course(run(rising(10))), kSize);
  EXPECT_NEAR(result.slope_change, 10, 0.5);
  EXPECT_NEAR(result.level_change, 0, 10);  // after the warm-up, not what was lost since
}

TEST(CompareRuns, ALeakThatWasMended) {
  EXPECT_EQ(difference(run(rising(10)), run(flat, 4, 2)), Difference::kGrowsInA);
}

TEST(CompareRuns, TwoEqualRuns) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    EXPECT_EQ(difference(run(flat, 40, seed), run(flat, 40, seed + 100)), Difference::kNone);
  }
}

TEST(CompareRuns, WhatIsTooSmallToMatterIsNoDifference) {
  EXPECT_EQ(difference(run(flat), run(rising(2))), Difference::kNone);
}

TEST(CompareRuns, AStepIsNoLeak) {
  const auto higher = [](double) { return 180.0; };
  const auto up = compare_courses(course(run(flat)), course(run(higher)), kSize);
  EXPECT_EQ(up.difference, Difference::kStep);
  EXPECT_NEAR(up.level_change, 80, 4);
  const auto down = compare_courses(course(run(higher)), course(run(flat)), kSize);
  EXPECT_EQ(down.difference, Difference::kStep);
  EXPECT_NEAR(down.level_change, -80, 4);
}

TEST(CompareRuns, AStepWithinARunIsNoLeak) {
  const auto later = [](double hour) { return hour < 4 ? 100.0 : 200.0; };
  EXPECT_EQ(difference(run(flat), run(later)), Difference::kStep);
}

TEST(CompareRuns, ACacheThatFillsIsNoLeak) {
  const auto fills = [](double hour) { return 100 + 200 * (1 - std::exp(-hour)); };
  EXPECT_EQ(difference(run(flat), run(fills)), Difference::kStep);
}

TEST(CompareRuns, ALevelWithinTheNoiseIsNoStep) {
  const auto higher = [](double) { return 140.0; };
  EXPECT_EQ(difference(run(flat, 1), run(higher, 1)), Difference::kStep);
  const auto wild = [](double hour) {
    return 100 + 60 * std::fmod(std::sin(hour * 1e4) * 1e4, 1.0);
  };
  EXPECT_EQ(difference(run(wild), run([&](double hour) { return wild(hour) + 40; })),
            Difference::kNone);
}

TEST(CompareRuns, BothGrow) {
  EXPECT_EQ(difference(run(rising(10)), run(rising(10), 4, 2)), Difference::kGrowsInBoth);
  EXPECT_EQ(difference(run(rising(10)), run(rising(30), 4, 2)), Difference::kFasterInB);
  EXPECT_EQ(difference(run(rising(30)), run(rising(10), 4, 2)), Difference::kSlowerInB);
  const auto later = compare_courses(
      course(run(rising(10))), course(run([](double hour) { return 500 + 10 * hour; })), kSize);
  EXPECT_EQ(later.difference, Difference::kGrowsInBoth);
  EXPECT_NEAR(later.level_change, 400, 4);
}

TEST(CompareRuns, RunsOfOtherLengths) {
  EXPECT_EQ(difference(run(flat, 4, 1, 24, 2), run(rising(10))), Difference::kGrowsInB);
  EXPECT_EQ(difference(run(rising(20), 4, 1, 24, 2), run(rising(20), 4, 2)),
            Difference::kGrowsInBoth);
}

// The detectors saw more of it than the line through the whole run tells.
TEST(CompareRuns, AnAlertCounts) {
  const auto late = run([](double hour) { return hour < 6 ? 100.0 : 100 + 30 * (hour - 6); });
  const RunCourse calm = course(run(flat, 4, 2));
  EXPECT_EQ(compare_courses(calm, course(late, true), kSize).difference, Difference::kGrowsInB);
  EXPECT_NE(compare_courses(calm, course(late), kSize).difference, Difference::kGrowsInB);
  EXPECT_EQ(compare_courses(course(run(flat), true), calm, kSize).difference,
            Difference::kGrowsInA);
}

TEST(CompareRuns, ABaselineThatIsTooUneven) {
  // It rises as much, and not in order: nothing tells that it does not leak.
  RunCourse a = course(run(flat));
  a.slope_per_hour = {8, -5, 25};
  EXPECT_EQ(compare_courses(a, course(run(rising(10))), kSize).difference, Difference::kUnclear);
  EXPECT_TRUE(is_open(Difference::kUnclear));
  EXPECT_FALSE(is_open(Difference::kGrowsInB));
}

TEST(CompareRuns, WhatIsNotProvenIsNoStep) {
  const RunCourse a = course(run(flat));
  RunCourse b = course(run(rising(10), 4, 2));
  b.shape = Shape::kRising;  // a walk may have made it
  EXPECT_EQ(compare_courses(a, b, kSize).difference, Difference::kUnclear);
  EXPECT_EQ(compare_courses(b, a, kSize).difference, Difference::kUnclear);
  EXPECT_EQ(compare_courses(course(run(rising(10))), b, kSize).difference, Difference::kUnclear);
}

TEST(CompareRuns, TooShort) {
  EXPECT_FALSE(course_of(run(flat, 4, 1, 15), kSize, false));
  EXPECT_TRUE(course_of(run(flat, 4, 1, 16), kSize, false));
  EXPECT_FALSE(course_of({}, kSize, true));
}

// Driftless walks are what memory does by itself.
TEST(CompareRuns, WalksAreHardlyEverLeaks) {
  int leaks = 0;
  for (unsigned seed = 1; seed <= 400; ++seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> step(0, 20);
    double level = 1000;
    std::vector<Point> walk;
    for (int i = 0; i < 96; ++i) walk.push_back({i / 12.0, level += step(random)});
    leaks += course(walk).shape == Shape::kClimbing ? 1 : 0;
  }
  EXPECT_LE(leaks, 4);
}

TEST(CompareRuns, EveryDifferenceHasAName) {
  for (int i = 0; i <= static_cast<int>(Difference::kNotRead); ++i)
    EXPECT_FALSE(to_string(static_cast<Difference>(i)).empty());
  EXPECT_EQ(to_string(Difference::kGrowsInB), "grows_in_b");
  EXPECT_EQ(to_string(Difference::kNotRead), "not_read");
}

}  // namespace
}  // namespace soakwatch
