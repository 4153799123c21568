#include "daemon/throttle.h"

#include <gtest/gtest.h>

#include <functional>

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

constexpr double kMiB = 1024.0 * 1024;

class ThrottleTest : public testing::Test {
 protected:
  // So many looks at that share of a core; how often something changed.
  int cpu(double share, int looks) {
    int changes = 0;
    for (int i = 0; i < looks; ++i) changes += static_cast<int>(throttle_.look({share, {}}).size());
    return changes;
  }
  int rss(double mib, int looks) {
    int changes = 0;
    for (int i = 0; i < looks; ++i)
      changes += static_cast<int>(throttle_.look({{}, mib * kMiB}).size());
    return changes;
  }
  // A daemon that costs that much when all is done, and less as its intervals are longer; `details`
  // is the part that goes with the first level.
  int run(double cost, double details, int looks) {
    int changes = 0;
    for (int i = 0; i < looks; ++i) {
      const double share =
          throttle_.level() == 0 ? cost : (cost - details) / throttle_.interval_factor();
      changes += static_cast<int>(throttle_.look({share, {}}).size());
    }
    return changes;
  }

  Throttle throttle_{{0.05, 256 * kMiB}};
};

TEST_F(ThrottleTest, StaysQuietBelowTheCeiling) {
  EXPECT_EQ(cpu(0.049, 1000), 0);
  EXPECT_EQ(throttle_.level(), 0U);
  EXPECT_EQ(throttle_.interval_factor(), 1);
  for (const Work work : {Work::kBaseline, Work::kDetail, Work::kLook})
    EXPECT_TRUE(throttle_.allows(work));
}

TEST_F(ThrottleTest, ASpikeIsNoOverload) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(cpu(3.0, Ceiling::kLooksBeforeLess - 1), 0);
    EXPECT_EQ(cpu(0.01, 1), 0);
  }
}

TEST_F(ThrottleTest, LeavesOutTheLeastImportantFirst) {
  cpu(0.2, Ceiling::kLooksBeforeLess);
  EXPECT_EQ(throttle_.level(), 1U);
  EXPECT_EQ(throttle_.interval_factor(), 1);  // no sample is missing yet
  EXPECT_FALSE(throttle_.allows(Work::kBaseline));
  EXPECT_FALSE(throttle_.allows(Work::kDetail));
  EXPECT_TRUE(throttle_.allows(Work::kLook));  // an alert still names who is behind it
  for (const int factor : {2, 4, 8, 16}) {
    cpu(0.2, Ceiling::kLooksBeforeLess);
    EXPECT_EQ(throttle_.interval_factor(), factor);
  }
  EXPECT_EQ(cpu(0.2, 100), 0) << "there is nothing more to leave out, and nothing to tell";
  EXPECT_TRUE(throttle_.allows(Work::kLook));
}

TEST_F(ThrottleTest, SaysWhatAndWhy) {
  cpu(0.2, 2 * Ceiling::kLooksBeforeLess - 1);
  const auto changes = throttle_.look({0.2, {}});
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_TRUE(changes[0].less);
  EXPECT_EQ(changes[0].what,
            "20.00 % of a core, the ceiling is 5.00 %: level 2, baselines and details are left "
            "out, intervals are 2 times as long, at most 20s");
}

TEST_F(ThrottleTest, GivesBackStepByStep) {
  cpu(0.2, 5 * Ceiling::kLooksBeforeLess);
  for (const std::size_t level : {4, 3, 2, 1, 0}) {
    EXPECT_EQ(cpu(0.01, Ceiling::kLooksBeforeMore), 1);
    EXPECT_EQ(throttle_.level(), level);
  }
  EXPECT_EQ(cpu(0.01, 1000), 0);
}

TEST_F(ThrottleTest, StaysWhereOneLevelLessWouldBeTooMuch) {
  cpu(0.2, 3 * Ceiling::kLooksBeforeLess);
  EXPECT_EQ(cpu(0.03, 1000), 0);  // twice that is above the ceiling
  EXPECT_EQ(throttle_.level(), 3U);
}

TEST_F(ThrottleTest, SteadyLoadFindsItsLevelAndKeepsIt) {
  for (const double cost : {0.06, 0.09, 0.15, 0.3, 0.6, 2.0}) {
    throttle_ = Throttle({0.05, 256 * kMiB});
    run(cost, 0.001, 100);
    EXPECT_EQ(run(cost, 0.001, 1000), 0) << cost;
    const double share = (cost - 0.001) / throttle_.interval_factor();
    if (throttle_.level() < Throttle::kMaxLevel) {
      EXPECT_LE(share, 0.05) << cost;
    }
  }
}

TEST_F(ThrottleTest, WhatComesBackAtOnceIsTriedMoreAndMoreSeldom) {
  // Nearly all of the cost is details: without them there is room, with them there is none.
  run(0.1, 0.095, 1000);
  // A try costs two changes; the pauses between two tries grow to kMostLooksBeforeMore.
  const int changes = run(0.1, 0.095, 1000);
  EXPECT_GT(changes, 0);
  EXPECT_LE(changes, 2 * (1000 / Ceiling::kMostLooksBeforeMore + 1));
}

TEST_F(ThrottleTest, ShortOfMemoryItTakesNoCapturesAtAll) {
  EXPECT_EQ(rss(300, Ceiling::kLooksBeforeLess - 1), 0);
  EXPECT_EQ(rss(300, 1), 1);
  EXPECT_TRUE(throttle_.short_of_memory());
  EXPECT_EQ(throttle_.level(), 0U);
  EXPECT_EQ(throttle_.interval_factor(), 1);  // rarer samples would save none
  for (const Work work : {Work::kBaseline, Work::kDetail, Work::kLook})
    EXPECT_FALSE(throttle_.allows(work));
  EXPECT_EQ(rss(300, 100), 0);
  EXPECT_EQ(rss(250, 100), 0);  // just below
  EXPECT_EQ(rss(200, Ceiling::kLooksBeforeMore), 1);
  EXPECT_FALSE(throttle_.short_of_memory());
  EXPECT_TRUE(throttle_.allows(Work::kDetail));
}

TEST_F(ThrottleTest, OneLargeDumpIsNoShortageOfMemory) {
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(rss(400, 1), 0);
    EXPECT_EQ(rss(60, 1), 0);
  }
}

TEST_F(ThrottleTest, WhatCouldNotBeMeasuredChangesNothing) {
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(throttle_.look({}).empty());
}

TEST(Stretched, GrowsToTwentySecondsAtMost) {
  EXPECT_EQ(stretched(1s, 1), 1s);
  EXPECT_EQ(stretched(1s, 16), 16s);
  EXPECT_EQ(stretched(5s, 16), 20s);
  EXPECT_EQ(stretched(1min, 16), 1min);
}

}  // namespace
}  // namespace soakwatch
