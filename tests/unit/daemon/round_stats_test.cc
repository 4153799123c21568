#include "daemon/round_stats.h"

#include <gtest/gtest.h>

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

constexpr RoundStats::Time kStart(1000s);

TEST(RoundStats, RoundsOnTimeAreNeitherLateNorSkipped) {
  RoundStats stats;
  for (auto due = kStart; due < kStart + 100s; due += 1s)
    stats.add(due, due + 1ms, due + 3ms, due + 1s, 1s);
  EXPECT_EQ(stats.rounds(), 100U);
  EXPECT_EQ(stats.late(), 0U);
  EXPECT_EQ(stats.skipped(), 0U);
  EXPECT_EQ(stats.take_latency().max(), 0.003);
  EXPECT_EQ(stats.take_latency().count(), 0U);  // since the last call
}

TEST(RoundStats, LateByMoreThanHalfAnInterval) {
  RoundStats stats;
  stats.add(kStart, kStart + 500ms, kStart + 501ms, kStart + 1s, 1s);
  EXPECT_EQ(stats.late(), 0U);
  stats.add(kStart, kStart + 501ms, kStart + 502ms, kStart + 1s, 1s);
  EXPECT_EQ(stats.late(), 1U);
}

TEST(RoundStats, CountsTheRoundsThatALongOneCost) {
  RoundStats stats;
  stats.add(kStart, kStart, kStart + 3500ms, kStart + 4s, 1s);
  EXPECT_EQ(stats.skipped(), 3U);
}

TEST(RoundStats, TheFirstRoundOfAProcessSkipsNone) {
  RoundStats stats;
  stats.add(kStart + 400ms, kStart + 400ms, kStart + 401ms, kStart + 1s, 1s);
  EXPECT_EQ(stats.skipped(), 0U);
}

}  // namespace
}  // namespace soakwatch
