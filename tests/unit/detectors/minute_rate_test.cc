#include "detectors/minute_rate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "detectors/minute_window.h"

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

TEST(MinuteRate, IsTheMeanOfEachWholeMinute) {
  MinuteRate rate(120s);
  std::vector<MinuteOfRate> minutes;
  double count = 100;
  for (int second = 30; second <= 190; second += 5) {
    for (const MinuteOfRate& m : rate.add(second * 1s, count)) minutes.push_back(m);
    count += second < 120 ? 10 : 30;  // 2 a second, then 6
  }
  ASSERT_EQ(minutes.size(), 2U);  // the first half-minute is none
  EXPECT_EQ(minutes[0].minute, 1);
  EXPECT_DOUBLE_EQ(minutes[0].rate, 2);
  EXPECT_EQ(minutes[1].minute, 2);
  EXPECT_DOUBLE_EQ(minutes[1].rate, 6);
}

TEST(MinuteRate, SpreadsWhatRoseBetweenTwoReadings) {
  MinuteRate rate(200s);
  EXPECT_TRUE(rate.add(0s, 0).empty());
  const auto minutes = rate.add(180s, 360);
  ASSERT_EQ(minutes.size(), 3U);
  for (const MinuteOfRate& m : minutes) EXPECT_DOUBLE_EQ(m.rate, 2);
}

TEST(MinuteRate, LeavesOutThePauseThatItKnowsNothingOf) {
  MinuteRate rate(120s);
  EXPECT_TRUE(rate.add(0s, 0).empty());
  EXPECT_TRUE(rate.add(600s, 6000).empty());
  const auto minutes = rate.add(660s, 6060);
  ASSERT_EQ(minutes.size(), 1U);
  EXPECT_EQ(minutes[0].minute, 10);
  EXPECT_DOUBLE_EQ(minutes[0].rate, 1);
}

TEST(MinuteRate, StartsAfreshWhereTheCounterStepsBack) {
  MinuteRate rate(120s);
  EXPECT_TRUE(rate.add(0s, 5000).empty());
  EXPECT_TRUE(rate.add(50s, 10).empty());
  EXPECT_TRUE(rate.add(70s, 30).empty());
  EXPECT_EQ(rate.add(120s, 80).size(), 1U);
}

TEST(MinuteRate, IgnoresWhatIsNoNumberAndTimeThatStandsStill) {
  MinuteRate rate(120s);
  EXPECT_TRUE(rate.add(-60s, 0).empty());
  EXPECT_TRUE(rate.add(-30s, std::nan("")).empty());
  EXPECT_TRUE(rate.add(-20s, std::numeric_limits<double>::infinity()).empty());
  EXPECT_TRUE(rate.add(-60s, 99).empty());
  const auto minutes = rate.add(0s, 60);
  ASSERT_EQ(minutes.size(), 1U);
  EXPECT_EQ(minutes[0].minute, -1);
  EXPECT_DOUBLE_EQ(minutes[0].rate, 1);
}

TEST(MinuteWindow, KeepsTheRecentApartFromWhatWasBefore) {
  MinuteWindow window(2, 3);
  for (int i = 1; i <= 7; ++i) window.push(i);
  ASSERT_EQ(window.before().size(), 3U);
  EXPECT_EQ(window.before().front(), 3);
  EXPECT_EQ(window.recent().front(), 6);
  EXPECT_EQ(window.median_before(), 4);
  EXPECT_EQ(window.recent_median(), 6.5);
}

TEST(MinuteWindow, KnowsNoMedianWhereMostIsMissing) {
  MinuteWindow window(2, 3);
  EXPECT_FALSE(window.recent_median());
  for (const double value : {1.0, std::nan(""), std::nan(""), 5.0, std::nan("")}) {
    window.push(value);
  }
  EXPECT_FALSE(window.median_before());
  EXPECT_EQ(window.recent_median(), 5);
}

}  // namespace
}  // namespace soakwatch
