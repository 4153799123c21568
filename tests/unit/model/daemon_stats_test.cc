#include "model/daemon_stats.h"

#include <gtest/gtest.h>

#include <set>

namespace soakwatch {
namespace {

TEST(DaemonStats, TheListIsInOrderAndEachNameStandsOnce) {
  std::set<std::string_view> names;
  std::size_t index = 0;
  for (const auto& figure : all_daemon_figures()) {
    EXPECT_EQ(static_cast<std::size_t>(figure.id), index++) << figure.name;
    EXPECT_TRUE(names.insert(figure.name).second) << figure.name;
    EXPECT_FALSE(figure.help.empty()) << figure.name;
  }
}

TEST(DaemonStats, TellsWhatIsThrottled) {
  DaemonStats stats;
  stats.set(DaemonFigure::kThrottleLevel, 3);
  stats.set(DaemonFigure::kIntervalFactor, 4);
  stats.set(DaemonFigure::kShortOfMemory, 1);
  const std::string state = describe(stats)[0];
  EXPECT_NE(state.find("throttled: level 3, intervals x4"), std::string::npos) << state;
  EXPECT_NE(state.find("short of memory"), std::string::npos) << state;
}

TEST(DaemonStats, WhatIsMissingIsNoZero) {
  const auto [state, rounds, store] = describe(DaemonStats{});
  EXPECT_NE(state.find("rss ?"), std::string::npos) << state;
  EXPECT_NE(state.find("nothing left out"), std::string::npos) << state;
  EXPECT_NE(rounds.find("rounds ?"), std::string::npos) << rounds;
  EXPECT_NE(store.find("dropped ? samples"), std::string::npos) << store;
}

}  // namespace
}  // namespace soakwatch
