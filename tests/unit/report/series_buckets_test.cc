#include "report/series_buckets.h"

#include <gmock/gmock.h>

namespace soakwatch {
namespace {

const WallTime kStart = from_unix_ms(1795125600000);

Sample sample(InstanceId instance, milliseconds after, Metric metric, double value) {
  Sample s;
  s.instance = instance;
  s.time = kStart + after;
  s.values.set(metric, value);
  return s;
}

MetricSeries only_series(const SeriesBuckets& buckets) {
  const std::vector<MetricSeries> series = buckets.series();
  return series.size() == 1 ? series.front() : MetricSeries{};
}

TEST(SeriesBuckets, KeepsASpikeOfOneSampleAmongADayOfThem) {
  SeriesBuckets buckets(600);
  constexpr int kDay = 86400;
  for (int i = 0; i < kDay; ++i) {
    const double value = i == 40001 ? 900 : i == 70003 ? 3 : 50;
    buckets.add(sample(1, seconds(i), Metric::kOpenFds, value));
  }
  const MetricSeries series = only_series(buckets);
  EXPECT_EQ(series.samples, kDay);
  EXPECT_LE(series.buckets.size(), 600U);
  EXPECT_GE(series.buckets.size(), 300U);
  int high = 0;
  int low = 0;
  std::int64_t samples = 0;
  for (const Bucket& bucket : series.buckets) {
    samples += bucket.samples;
    if (bucket.max == 900) {
      ++high;
      EXPECT_EQ(bucket.min, 50);
      EXPECT_LE(bucket.begin, kStart + seconds(40001));
      EXPECT_GE(bucket.end, kStart + seconds(40001));
    }
    low += bucket.min == 3 ? 1 : 0;
  }
  EXPECT_EQ(samples, kDay);
  EXPECT_EQ(high, 1);
  EXPECT_EQ(low, 1);
  EXPECT_EQ(series.max, 900);
  EXPECT_EQ(series.min, 3);
}

TEST(SeriesBuckets, GivesFewSamplesAsTheyAre) {
  SeriesBuckets buckets(600);
  for (int i = 0; i < 500; ++i) buckets.add(sample(1, seconds(i), Metric::kThreads, i));
  const MetricSeries series = only_series(buckets);
  ASSERT_EQ(series.buckets.size(), 500U);
  EXPECT_EQ(series.buckets[321].min, 321);
  EXPECT_EQ(series.buckets[321].max, 321);
  EXPECT_EQ(series.buckets[321].begin, kStart + seconds(321));
}

TEST(SeriesBuckets, KeepsProcessesApart) {
  SeriesBuckets buckets(10);
  for (int i = 0; i < 1000; ++i)
    buckets.add(sample(i < 333 ? 1 : 2, seconds(i), Metric::kThreads, i < 333 ? 5 : 9));
  const MetricSeries series = only_series(buckets);
  EXPECT_LE(series.buckets.size(), 10U);
  for (const Bucket& bucket : series.buckets) EXPECT_EQ(bucket.min, bucket.max);
}

TEST(SeriesBuckets, StaysBoundedWithMoreProcessesThanBuckets) {
  SeriesBuckets buckets(20);
  for (int i = 0; i < 5000; ++i) buckets.add(sample(i, seconds(i / 100), Metric::kThreads, i));
  for (int i = 0; i < 5000; ++i)
    buckets.add(sample(9999, seconds(50 + i), Metric::kThreads, 5000 + i));
  const MetricSeries series = only_series(buckets);
  EXPECT_LE(series.buckets.size(), 20U);
  EXPECT_GE(series.buckets.size(), 8U) << "what came after the restarts must not be one bucket";
  EXPECT_EQ(series.min, 0);
  EXPECT_EQ(series.buckets.front().min, 0);
  EXPECT_EQ(series.buckets.back().max, 9999);
}

TEST(SeriesBuckets, LeavesMissingValuesMissing) {
  SeriesBuckets buckets(600);
  buckets.add(sample(1, seconds(0), Metric::kThreads, 7));
  buckets.add(sample(1, seconds(1), Metric::kGoroutines, 70));
  buckets.add(sample(1, seconds(2), Metric::kThreads, 8));
  const std::vector<MetricSeries> series = buckets.series();
  ASSERT_EQ(series.size(), 2U);
  EXPECT_EQ(series[0].metric, Metric::kThreads);
  EXPECT_EQ(series[0].buckets.size(), 2U);
  EXPECT_EQ(series[1].samples, 1);
  EXPECT_EQ(series[1].min, 70);
}

TEST(SeriesBuckets, AddsUpACounterThatBeginsAgainWithEachProcess) {
  SeriesBuckets buckets(600);
  const auto add = [&](InstanceId instance, int second, double value) {
    buckets.add(sample(instance, seconds(second), Metric::kMallocsTotal, value));
  };
  add(1, 0, 100);
  add(1, 1, 150);
  add(2, 2, 10);
  add(2, 3, 30);
  EXPECT_EQ(only_series(buckets).increase, 70);
}

TEST(SeriesBuckets, StandsAClockThatIsSetBack) {
  SeriesBuckets buckets(600);
  buckets.add(sample(1, seconds(100), Metric::kThreads, 7));
  buckets.add(sample(1, seconds(50), Metric::kThreads, 8));
  EXPECT_EQ(only_series(buckets).samples, 2);
  EXPECT_EQ(only_series(buckets).buckets.size(), 1U);
}

}  // namespace
}  // namespace soakwatch
