#include "detectors/rank_tests.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace soakwatch {
namespace {

TEST(KendallCritical, MatchesCountsMadeByHand) {
  // Three values: 1 order of 6 has no discordant pair, 2 have one.
  EXPECT_EQ(kendall_critical(3, 0.16), -1);
  EXPECT_EQ(kendall_critical(3, 1.0 / 6 + 1e-12), 0);
  EXPECT_EQ(kendall_critical(3, 0.5 + 1e-12), 1);
}

TEST(KendallCritical, GivesTheTableForAWindowOf24) {
  constexpr std::array kAllowed{41, 43, 45, 47, 49, 51, 53, 56, 58, 61};
  for (int level = 0; level < 10; ++level) {
    const double p = 1e-3 * (1 << level) / (1440 * 10);
    EXPECT_EQ(kendall_critical(24, p), kAllowed[static_cast<std::size_t>(level)]) << level;
  }
}

TEST(DiscordantPairs, CountsTiesAsDiscordant) {
  EXPECT_EQ(discordant_pairs(std::array{1.0, 2.0, 3.0}), 0);
  EXPECT_EQ(discordant_pairs(std::array{3.0, 2.0, 1.0}), 3);
  EXPECT_EQ(discordant_pairs(std::array{1.0, 1.0, 1.0}), 3);
}

TEST(SignedRankCritical, MatchesTheDesignForTwentyThreeIncrements) {
  EXPECT_EQ(signed_rank_critical(23, 1e-3), 40);
  EXPECT_EQ(signed_rank_critical(23, 1e-2), 62);
  EXPECT_EQ(signed_rank_critical(23, 5e-2), 83);
  EXPECT_EQ(signed_rank_critical(3, 0.1), -1);
}

TEST(SignedRank, RanksTheFallingSteps) {
  // Steps +1 -2 +3: the falling one has rank 2.
  const SignedRank r = signed_rank(std::array{0.0, 1.0, -1.0, 2.0});
  EXPECT_EQ(r.increments, 3);
  EXPECT_DOUBLE_EQ(r.negative_ranks, 2);
}

TEST(SignedRank, SharesRanksAmongEqualStepsAndLeavesOutZeros) {
  const SignedRank r = signed_rank(std::array{0.0, 1.0, 1.0, 0.0, 1.0});  // +1 0 -1 +1
  EXPECT_EQ(r.increments, 3);
  EXPECT_DOUBLE_EQ(r.negative_ranks, 2);
}

}  // namespace
}  // namespace soakwatch
