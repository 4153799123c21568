#include "report/floor_line.h"

#include <gtest/gtest.h>

#include <cmath>

namespace soakwatch {
namespace {

using std::chrono::minutes;

const WallTime kStart = from_unix_ms(1795125600000);

MetricSeries series_of(InstanceId instance, int count, double (*value)(int)) {
  SeriesBuckets buckets(600);
  for (int i = 0; i < count; ++i) {
    Sample sample;
    sample.instance = instance;
    sample.time = kStart + minutes(i);
    sample.values.set(Metric::kHeapAllocBytes, value(i));
    buckets.add(sample);
  }
  return buckets.series().front();
}

TEST(FloorLine, PassesUnderASawtooth) {
  // 60 an hour on a floor of 100, with teeth of 0 to 90.
  const MetricSeries series = series_of(1, 480, [](int i) { return 100.0 + i + (i % 10) * 10; });
  const auto line = floor_line(series, 1, kStart, kStart + minutes(480));
  ASSERT_TRUE(line);
  EXPECT_NEAR(line->slope_per_hour.value, 60, 3);
  EXPECT_NEAR(line->at_from, 100, 15);
  EXPECT_NEAR(line->at_to, 579, 15);
  EXPECT_LT(line->off, 15);
  EXPECT_EQ(line->from, kStart);
  EXPECT_EQ(line->to, kStart + minutes(479));
}

TEST(FloorLine, SaysHowFarWhatIsNoLineLiesOff) {
  const MetricSeries series = series_of(1, 480, [](int i) { return i < 240 ? 100.0 : 900.0; });
  const auto line = floor_line(series, 1, kStart, kStart + minutes(480));
  ASSERT_TRUE(line);
  EXPECT_GT(line->off, 200);
}

TEST(FloorLine, KeepsToTheTimeAndTheProcess) {
  const MetricSeries series = series_of(1, 300, [](int i) { return i < 100 ? 50.0 : 50.0 + i; });
  const auto line = floor_line(series, 1, kStart + minutes(100), kStart + minutes(300));
  ASSERT_TRUE(line);
  EXPECT_NEAR(line->slope_per_hour.value, 60, 1);
  EXPECT_FALSE(floor_line(series, 2, kStart, kStart + minutes(300)));
  EXPECT_FALSE(floor_line(series, 1, kStart, kStart + minutes(1))) << "two points say nothing";
}

}  // namespace
}  // namespace soakwatch
