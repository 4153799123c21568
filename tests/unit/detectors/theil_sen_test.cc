#include "detectors/theil_sen.h"

#include <gtest/gtest.h>

#include <vector>

namespace soakwatch {
namespace {

TEST(TheilSen, FindsTheSlopeOfALineDespiteAnOutlier) {
  std::vector<Point> points;
  for (int i = 0; i < 24; ++i) points.push_back({i * 0.5, 10.0 + 3.0 * i * 0.5});
  points[20].y = 1e9;
  const Slope slope = theil_sen(points);
  EXPECT_DOUBLE_EQ(slope.value, 3);
  EXPECT_DOUBLE_EQ(slope.low, 3);
  EXPECT_DOUBLE_EQ(slope.high, 3);
}

TEST(TheilSen, TheIntervalOfNoiseHoldsZero) {
  const std::vector<double> noise{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4};
  std::vector<Point> points;
  for (std::size_t i = 0; i < noise.size(); ++i)
    points.push_back({static_cast<double>(i), noise[i]});
  const Slope slope = theil_sen(points);
  EXPECT_LT(slope.low, 0);
  EXPECT_GT(slope.high, 0);
}

TEST(TheilSen, IsZeroWithoutTwoPoints) {
  EXPECT_EQ(theil_sen({}).value, 0);
  const std::vector<Point> one{{1, 1}, {1, 5}};
  EXPECT_EQ(theil_sen(one).value, 0);
}

TEST(Median, TakesTheMiddle) {
  EXPECT_EQ(median(std::vector<double>{}), 0);
  EXPECT_EQ(median(std::vector<double>{3, 1, 2}), 2);
  EXPECT_EQ(median(std::vector<double>{4, 1, 2, 3}), 2.5);
}

}  // namespace
}  // namespace soakwatch
