#include "detectors/line_fit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace soakwatch {
namespace {

TEST(FitLine, TellsTheRiseOfALineAndHowFarPointsAreOffIt) {
  const std::vector<Point> zigzag{{0, 11}, {1, 11}, {2, 15}, {3, 15}};
  const LineFit fit = fit_line(zigzag);
  EXPECT_NEAR(fit.rise, 4.8, 1e-9);
  ASSERT_EQ(fit.off.size(), 4U);
  EXPECT_NEAR(fit.off[0], 0.4, 1e-9);
  EXPECT_NEAR(fit.off[1], -1.2, 1e-9);
  EXPECT_NEAR(fit.distance, std::sqrt(3.2 / 2), 1e-9);
}

TEST(FitLine, TellsNoiseFromAWalk) {
  const std::vector<Point> noise{{0, 1}, {1, -1}, {2, 1}, {3, -1}, {4, 1}, {5, -1}};
  const std::vector<Point> walk{{0, 0}, {1, 1}, {2, 2}, {3, 2}, {4, 1}, {5, 0}};
  EXPECT_GT(fit_line(noise).jaggedness, 2);
  EXPECT_LT(fit_line(walk).jaggedness, 1);
}

TEST(FitLine, TakesNoPointsAndPointsOfOneTime) {
  EXPECT_EQ(fit_line({}).rise, 0);
  const std::vector<Point> same{{1, 2}, {1, 4}};
  EXPECT_EQ(fit_line(same).rise, 0);
}

}  // namespace
}  // namespace soakwatch
