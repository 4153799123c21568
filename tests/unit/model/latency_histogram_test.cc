#include "model/latency_histogram.h"

#include <gtest/gtest.h>

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

TEST(LatencyHistogram, SaysNothingOfNothing) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.quantile(0.5), std::nullopt);
  EXPECT_EQ(histogram.max(), std::nullopt);
}

TEST(LatencyHistogram, AQuantileIsAtMostTwiceTheTrueOneAndTheMaximumIsExact) {
  LatencyHistogram histogram;
  for (int i = 1; i <= 1000; ++i) histogram.add(i * 1us);
  EXPECT_EQ(histogram.count(), 1000U);
  EXPECT_GE(*histogram.quantile(0.5), 500e-6);
  EXPECT_LE(*histogram.quantile(0.5), 1000e-6);
  EXPECT_EQ(*histogram.quantile(0.99), 1000e-6);  // no more than the maximum
  EXPECT_EQ(*histogram.max(), 1000e-6);
}

TEST(LatencyHistogram, OneSlowRoundInAHundredDoesNotMoveTheMedian) {
  LatencyHistogram histogram;
  for (int i = 0; i < 99; ++i) histogram.add(100us);
  histogram.add(3s);
  EXPECT_LT(*histogram.quantile(0.5), 200e-6);
  EXPECT_LT(*histogram.quantile(0.99), 200e-6);
  EXPECT_EQ(*histogram.quantile(1), 3.0);
}

TEST(LatencyHistogram, TakesWhatIsBeyondItsEnds) {
  LatencyHistogram histogram;
  histogram.add(-5ns);
  histogram.add(24h * 365);
  EXPECT_EQ(*histogram.quantile(0.5), 1e-6);
  EXPECT_EQ(*histogram.max(), 365 * 86400.0);
}

}  // namespace
}  // namespace soakwatch
