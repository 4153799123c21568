#include "detectors/separate_rises.h"

#include <gtest/gtest.h>

#include <vector>

namespace soakwatch {
namespace {

int rises(const std::vector<double>& minima) { return separate_rises(minima); }

TEST(SeparateRises, CountsEachStepThatStays) {
  EXPECT_EQ(rises({8, 8, 8, 12, 12, 12, 12, 15, 15, 15, 15, 19, 19}), 3);
}

TEST(SeparateRises, CountsASteadyClimbManyTimes) {
  std::vector<double> climb;
  for (int i = 0; i < 24; ++i) climb.push_back(i);
  EXPECT_EQ(separate_rises(climb), 8);
}

TEST(SeparateRises, TakesRisesWithinTwoBlocksForOne) {
  EXPECT_EQ(rises({8, 8, 12, 16, 20, 20, 20, 20}), 1);
  EXPECT_EQ(rises({8, 8, 12, 12, 12, 20, 20, 20}), 2);
}

TEST(SeparateRises, LeavesOutWhatIsGivenBack) {
  EXPECT_EQ(rises({8, 8, 20, 20, 20, 8, 8, 8, 20, 20, 8, 8}), 0);
  EXPECT_EQ(rises({8, 8, 20, 20, 20, 12, 12, 12}), 1);  // 12 stay
}

TEST(SeparateRises, LeavesOutWhatHasNotBeenSeenToStay) {
  EXPECT_EQ(rises({8, 8, 8, 8, 8, 12}), 0);
  EXPECT_EQ(rises({8, 8, 8, 8, 12, 12}), 1);
}

TEST(SeparateRises, AreNoneInALevel) {
  EXPECT_EQ(rises({}), 0);
  EXPECT_EQ(rises({5}), 0);
  EXPECT_EQ(rises({5, 5, 5, 5}), 0);
  EXPECT_EQ(rises({9, 8, 7, 6}), 0);
}

}  // namespace
}  // namespace soakwatch
